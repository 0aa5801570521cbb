// Where a code is typed that was mailed: to an address which somebody named, of a change, a recovery, a backup, or to their own, to prove it again.
// What differs are the words, and where it goes.
import type { Child } from 'hono/jsx'
import { CodeForm, codeIsOver, Facts, inCodeField, ResendForm } from './check.tsx'
import { words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import type { ConfirmView, Frame, Problem } from './view.ts'

interface SentProps {
  readonly title: string
  readonly lead: Child
  /** The address of the page itself. */
  readonly url: string
  readonly sent: NonNullable<ConfirmView['sent']>
  readonly problem?: Problem | undefined
  /** Said as news, where no mail was sent again. */
  readonly news?: string
  readonly to: string
  readonly submit: string
  /** Absent: it is asked for anew, and not sent again. */
  readonly resendTo?: string
  readonly side?: string
  /** Below the times. */
  readonly more?: Child
  /** The way back. */
  readonly back: { readonly href: string; readonly label: string }
}

export function sentPage(
  frame: Frame,
  { title, lead, url, sent, problem, news = '', to, submit, resendTo, side, more, back }: SentProps,
): string {
  const w = words(frame)
  const inField = problem !== undefined && inCodeField.includes(problem.reason)
  const hasCode = frame.policy.methods.includes('code')
  const asksForCode = hasCode && !(problem !== undefined && codeIsOver.includes(problem.reason))
  return layout(frame, {
    title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : url,
    here: url,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'code' : null} />}
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
        <p class="notice" role="status" data-status="">
          {sent.resent === true ? w.check.resent : news}
        </p>
        {asksForCode ? (
          <CodeForm
            frame={frame}
            challenge={sent.challenge}
            code={sent.code}
            problem={inField ? problem : undefined}
            autofocus={problem === undefined}
            to={to}
            submit={submit}
            side={side}
          />
        ) : (
          !hasCode && <p>{w.confirm.useLink}</p>
        )}
        <Facts frame={frame} view={sent} code={asksForCode} />
        {more}
        <div class="actions">
          {resendTo !== undefined && <ResendForm frame={frame} view={{ ...sent, problem }} to={resendTo} side={side} />}
          <a class="button plain" href={back.href}>
            {back.label}
          </a>
        </div>
      </>
    ),
  })
}
