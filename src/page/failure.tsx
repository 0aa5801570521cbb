// A dead end with a way out: what happened, why, the safe next step, and the number to quote. It never moves on by itself.
import type { Child } from 'hono/jsx'
import { paths } from '../core/paths.ts'
import { type NextStep, reasons } from '../core/reason.ts'
import { explain } from '../words/explain.ts'
import { faceWords } from '../words/words.ts'
import { askPath } from './ask.tsx'
import { checkPath } from './check.tsx'
import { Hidden, Post } from './fields.tsx'
import { Address, fill, safeHref, timed, words } from './fill.tsx'
import { layout } from './layout.tsx'
import type { FailureView, Frame } from './view.ts'

export function failurePage(frame: Frame, view: FailureView): string {
  const { title, detail, nextStep } = explain(words(frame), view.problem, frame.policy, frame.now)
  return layout(frame, {
    title,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">{timed(frame, detail, view.problem.at)}</p>
        <p>{nextStep}</p>
        {view.home !== undefined && <p class="hint">{fill(words(frame).failure.home, { home: <bdi dir="ltr">{view.home}</bdi> })}</p>}
        <div class="actions">
          {actions(frame, view).map((action, index) => (
            <Action action={action} first={index === 0} />
          ))}
        </div>
        {view.resend !== undefined && canResend(view) && (
          <p class="hint">{fill(words(frame).failure.resendTo, { address: <Address>{view.resend.email}</Address> })}</p>
        )}
      </>
    ),
  })
}

type Act = { readonly label: string; readonly href: string } | { readonly label: string; readonly resend: string; readonly frame: Frame }

/** At most two ways on, the better one first. */
function actions(frame: Frame, view: FailureView): Act[] {
  const w = words(frame)
  const { next } = reasons[view.problem.reason]
  const found: Act[] = []
  if (view.continueTo !== undefined) found.push({ label: w.failure.continue, href: safeHref(view.continueTo, `${frame.basePath}/`) })
  if (view.resend !== undefined) {
    const { challenge, hasCode } = view.resend
    const typeCode: Act = { label: w.failure.typeCode, href: checkPath(frame, challenge) }
    if (next === 'use_code' && hasCode && frame.policy.methods.includes('code')) found.push(typeCode)
    if (canResend(view)) found.push({ label: w.failure.resend, resend: challenge, frame })
  }
  if (next === 'recover') found.push({ label: faceWords(w, view.problem.reason).nextLabel, href: `${frame.basePath}${paths.recover}` })
  if ((next === 'contact' || next === 'recover') && frame.brand.support !== undefined)
    found.push({ label: w.failure.contact, href: safeHref(frame.brand.support, '#') })
  const home = view.home === undefined ? undefined : safeHref(view.home, '')
  const signIn = home !== undefined && home !== '' ? home : askPath(frame, view.returnTo)
  const label =
    found.length === 0 && next !== 'continue' && next !== 'new_mail' ? faceWords(w, view.problem.reason).nextLabel : w.failure.signIn
  found.push({ label: canResend(view) ? w.failure.otherAddress : label, href: signIn })
  return found.slice(0, 2)
}

/** Where a new mail is the way on. After a sign-in, during a wait, or for somebody who may not sign in, it would lead to the next "no". */
const mailHelps: ReadonlySet<NextStep> = new Set(['new_mail', 'newest_mail', 'use_code', 'use_link', 'correct_code', 'where_started'])

function canResend(view: FailureView): boolean {
  return view.resend !== undefined && mailHelps.has(reasons[view.problem.reason].next)
}

function Action({ action, first }: { action: Act; first: boolean }): Child {
  if ('href' in action) {
    return (
      <a class={first ? 'button' : 'button plain'} href={action.href}>
        {action.label}
      </a>
    )
  }
  return (
    <Post frame={action.frame} to={paths.resend}>
      <Hidden name="c" value={action.resend} />
      <button type="submit" class={first ? undefined : 'plain'}>
        {action.label}
      </button>
    </Post>
  )
}
