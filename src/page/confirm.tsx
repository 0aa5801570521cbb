// Proving the mailbox again: first why and where the mail goes, then the field for its code. No address is typed here, and none of anybody
// else is ever mailed to.
import { paths } from '../core/paths.ts'
import { CodeForm, codeIsOver, Facts, inCodeField, ResendForm } from './check.tsx'
import { Hidden, Post } from './fields.tsx'
import { Address, fill, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import type { ConfirmView, Frame } from './view.ts'

export function confirmPage(frame: Frame, view: ConfirmView): string {
  return view.sent === null ? askPage(frame, view) : sentPage(frame, view, view.sent)
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
            <Back frame={frame} />
          </div>
        </Post>
      </>
    ),
  })
}

function sentPage(frame: Frame, { email, problem }: ConfirmView, sent: NonNullable<ConfirmView['sent']>): string {
  const w = words(frame)
  const inField = problem !== undefined && inCodeField.includes(problem.reason)
  const hasCode = frame.policy.methods.includes('code')
  const asksForCode = hasCode && !(problem !== undefined && codeIsOver.includes(problem.reason))
  return layout(frame, {
    title: w.confirm.checkTitle,
    error: problem !== undefined,
    url: problem === undefined ? undefined : confirmPath(frame, 'c', sent.challenge),
    here: confirmPath(frame, 'c', sent.challenge),
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'code' : null} />}
        <h1>{w.confirm.checkTitle}</h1>
        <p class="lead">
          {fill(w.confirm.onItsWay, { address: <Address>{email}</Address> })}
          {!hasCode && `${w.gap}${w.confirm.useLink}`}
        </p>
        <p class="notice" role="status" data-status="">
          {sent.resent === true ? w.check.resent : ''}
        </p>
        {asksForCode && (
          <CodeForm
            frame={frame}
            challenge={sent.challenge}
            code={sent.code}
            problem={inField ? problem : undefined}
            autofocus={problem === undefined}
            to={paths.confirmCode}
            submit={w.confirm.submit}
          />
        )}
        <Facts frame={frame} view={sent} code={asksForCode} />
        <div class="actions">
          <ResendForm frame={frame} view={{ ...sent, problem }} to={paths.confirmResend} />
          <Back frame={frame} />
        </div>
      </>
    ),
  })
}

function Back({ frame }: { frame: Frame }) {
  return (
    <a class="button plain" href={`${frame.basePath}${paths.account}`}>
      {words(frame).confirm.back}
    </a>
  )
}

function confirmPath(frame: Frame, name: 'c' | 'return_to', value: string | null): string {
  return `${frame.basePath}${paths.confirm}${value === null ? '' : `?${name}=${encodeURIComponent(value)}`}`
}
