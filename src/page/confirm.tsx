// Proving the mailbox again: first why and where the mail goes, then the field for its code. No address is typed here, and none of anybody
// else is ever mailed to.
import { paths } from '../core/paths.ts'
import { Hidden, Post } from './fields.tsx'
import { Address, fill, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import { sentPage } from './sent.tsx'
import type { ConfirmView, Frame } from './view.ts'

export function confirmPage(frame: Frame, view: ConfirmView): string {
  const { email, problem, sent } = view
  if (sent === null) return askPage(frame, view)
  const w = words(frame).confirm
  return sentPage(frame, {
    title: w.checkTitle,
    lead: fill(w.onItsWay, { address: <Address>{email}</Address> }),
    url: confirmPath(frame, 'c', sent.challenge),
    sent,
    problem,
    to: paths.confirmCode,
    submit: w.submit,
    resendTo: paths.confirmResend,
    back: { href: `${frame.basePath}${paths.account}`, label: w.back },
  })
}

function askPage(frame: Frame, { email, returnTo, problem }: ConfirmView): string {
  const w = words(frame).confirm
  return layout(frame, {
    title: w.title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : confirmPath(frame, 'return_to', returnTo),
    here: confirmPath(frame, 'return_to', returnTo),
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={null} />}
        <h1>{w.title}</h1>
        <p class="lead">{w.lead}</p>
        <p class="hint">{fill(w.to, { address: <Address>{email}</Address> })}</p>
        <Post frame={frame} to={paths.confirm}>
          {returnTo !== null && <Hidden name="return_to" value={returnTo} />}
          <div class="actions">
            <button type="submit">{w.send}</button>
            <a class="button plain" href={`${frame.basePath}${paths.account}`}>
              {w.back}
            </a>
          </div>
        </Post>
      </>
    ),
  })
}

function confirmPath(frame: Frame, name: 'c' | 'return_to', value: string | null): string {
  return `${frame.basePath}${paths.confirm}${value === null ? '' : `?${name}=${encodeURIComponent(value)}`}`
}
