// The second step: a mail is on its way, perhaps. The same for every address; only the browser that asked sees which one.
import { paths } from '../core/paths.ts'
import type { ReasonCode } from '../core/reason.ts'
import { mailLimits } from '../words/face.ts'
import { AskForm, askPath } from './ask.tsx'
import { CodeField, Hidden, Post } from './fields.tsx'
import { Address, fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { mailProvider } from './mail-provider.ts'
import { Summary } from './problem.tsx'
import type { CheckView, Frame } from './view.ts'

/** Problems to be corrected in the code field. */
export const inCodeField: readonly ReasonCode[] = ['code_wrong', 'code_malformed', 'code_superseded']
/** After these no code of the newest mail can work: the field would be a trap. */
export const codeIsOver: readonly ReasonCode[] = ['code_locked', 'code_off', 'code_expired', 'code_used']

export function checkPage(frame: Frame, view: CheckView): string {
  const w = words(frame).check
  if (view.email === null) return namelessPage(frame, view)
  const { problem } = view
  const inField = problem !== undefined && inCodeField.includes(problem.reason)
  const asksForCode = frame.policy.methods.includes('code') && !(problem !== undefined && codeIsOver.includes(problem.reason))
  const hasLink = frame.policy.methods.includes('link')
  const provider = mailProvider(view.email, frame.brand.mailFrom)
  return layout(frame, {
    title: w.title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : checkPath(frame, view.challenge),
    here: checkPath(frame, view.challenge),
    children: (
      <>
        <div data-step="code">
          {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'code' : null} />}
          <h1>{w.title}</h1>
          {view.undelivered === true ? (
            <p class="summary" role="alert">
              {fill(w.undelivered, { address: <Address>{view.email}</Address> })}
            </p>
          ) : (
            <p class="lead">
              {fill(w.onItsWay, { address: <Address>{view.email}</Address> })}
              {!frame.policy.methods.includes('code') && `${words(frame).gap}${w.useLink}`}
            </p>
          )}
          <p class="notice" role="status" data-status="">
            {view.resent === true ? w.resent : ''}
          </p>
          {asksForCode && (
            <CodeForm
              frame={frame}
              challenge={view.challenge}
              code={view.code}
              problem={inField ? problem : undefined}
              autofocus={problem === undefined}
            />
          )}
          <Facts frame={frame} view={view} code={asksForCode} />
          {provider !== null && (
            <p>
              <a class="button plain" href={provider.href} target="_blank" rel="noopener noreferrer">
                {w.openMail({ provider: provider.name })}
                <span class="unseen"> ({w.newTab})</span>
              </a>
            </p>
          )}
          {view.signedInAs !== undefined && <p class="hint">{fill(w.signedInAs, { address: <Address>{view.signedInAs}</Address> })}</p>}
          <section aria-labelledby="nothing">
            <h2 id="nothing">{w.nothing}</h2>
            <ul>
              <li>{w.spam}</li>
              {asksForCode && hasLink && <li>{w.noCode}</li>}
              <li>{w.limit({ limits: mailLimits(words(frame), frame.policy) })}</li>
            </ul>
            <div class="actions">
              <ResendForm frame={frame} view={view} />
              <a class="button plain" href={askPath(frame, view.returnTo)} data-other="">
                {w.otherAddress}
              </a>
            </div>
          </section>
        </div>
        <div data-step="other" hidden>
          <h1>{w.otherHeading}</h1>
          <AskForm frame={frame} returnTo={view.returnTo} />
          <button type="button" class="quiet" data-other-back="">
            {asksForCode ? w.otherBack : w.otherBackLink}
          </button>
        </div>
      </>
    ),
  })
}

interface CodeFormProps {
  readonly frame: Frame
  readonly challenge: string
  readonly code?: string | undefined
  readonly problem?: CheckView['problem']
  readonly autofocus?: boolean | undefined
  /** Where it is sent, and what the button says; default: to sign in. */
  readonly to?: string | undefined
  readonly submit?: string | undefined
  /** Of a change of address: which of the two mailboxes. */
  readonly side?: string | undefined
}

/** Also on the landing page of a link that lost its secret on the way. */
export function CodeForm({ frame, challenge, code, problem, autofocus, to = paths.code, submit, side }: CodeFormProps) {
  return (
    <Post frame={frame} to={to}>
      <Hidden name="c" value={challenge} />
      {side !== undefined && <Hidden name="for" value={side} />}
      <CodeField frame={frame} value={code} problem={problem} autofocus={autofocus} />
      <button type="submit">{submit ?? words(frame).check.submit}</button>
    </Post>
  )
}

/** What to look for, and how long it is good. */
export function Facts({ frame, view, code }: { frame: Frame; view: Pick<CheckView, 'codeExpiresAt' | 'linkExpiresAt'>; code: boolean }) {
  const w = words(frame).check
  const { policy } = frame
  const until = (at: number, ttl: number) => {
    const time = <Time frame={frame} at={at} />
    return at > frame.now ? fill(w.until, { duration: words(frame).duration(ttl), time }) : fill(w.over, { time })
  }
  return (
    <dl class="facts">
      <div>
        <dt>{w.from}</dt>
        <dd>
          <bdi>{frame.brand.mailFrom}</bdi>
        </dd>
      </div>
      {code && (
        <div>
          <dt>{w.codeRow}</dt>
          <dd>{until(view.codeExpiresAt, policy.codeTtl)}</dd>
        </div>
      )}
      {policy.methods.includes('link') && (
        <div>
          <dt>{w.linkRow}</dt>
          <dd>{until(view.linkExpiresAt, policy.linkTtl)}</dd>
        </div>
      )}
    </dl>
  )
}

/** The wait is told as time left, not as a moment: the clock of the person's machine may be wrong. */
export function ResendForm({
  frame,
  view,
  to = paths.resend,
  side,
}: {
  frame: Frame
  view: Pick<CheckView, 'problem' | 'resendAt' | 'challenge'>
  to?: string | undefined
  /** Of a change of address: which of the two mailboxes. */
  side?: string | undefined
}) {
  const w = words(frame).check
  const told = view.problem?.reason === 'too_many_mails' ? (view.problem.retryAfterMs ?? 0) : 0
  const waitMs = Math.max(view.resendAt - frame.now, told, 0)
  return (
    <Post frame={frame} to={to} data-resend={String(waitMs)} data-wait={w.resendWait({ time: '{time}' })} data-ready={w.resendReady}>
      <Hidden name="c" value={view.challenge} />
      {side !== undefined && <Hidden name="for" value={side} />}
      <button type="submit" class="plain">
        {w.resend}
      </button>
    </Post>
  )
}

/** Some other browser asked: nothing is said about whom for. */
function namelessPage(frame: Frame, view: CheckView): string {
  const w = words(frame).check
  return layout(frame, {
    title: w.namelessHeading,
    error: view.problem !== undefined,
    children: (
      <>
        {view.problem !== undefined && <Summary frame={frame} problem={view.problem} field={null} />}
        <h1>{w.namelessHeading}</h1>
        <p class="lead">{frame.policy.methods.includes('code') ? w.nameless : w.namelessLink}</p>
        <p>
          <a class="button" href={askPath(frame, view.returnTo)}>
            {w.startAgain}
          </a>
        </p>
      </>
    ),
  })
}

export function checkPath(frame: Frame, challenge: string): string {
  return `${frame.basePath}${paths.check}?c=${encodeURIComponent(challenge)}`
}
