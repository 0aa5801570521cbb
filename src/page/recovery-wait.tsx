// Getting back in by waiting: where it is asked for, where the code is typed that went to the new address, where it is stopped, and where it
// goes on after the wait. Nothing here says whether there is such an account; what is linked in mails shows a page and does nothing by itself.

import type { Ms } from '../core/model.ts'
import { paths } from '../core/paths.ts'
import { EmailField, Post } from './fields.tsx'
import { Address, fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { FieldProblem, Summary } from './problem.tsx'
import { sentPage } from './sent.tsx'
import type { ConfirmView, Frame, Problem } from './view.ts'

export interface WaitAskView {
  readonly account?: string | undefined
  readonly email?: string | undefined
  readonly problem?: Problem | undefined
  /** The problem is with the account's address, not with the new one. */
  readonly of?: 'account' | undefined
}

export function waitPage(frame: Frame, { account, email, problem, of }: WaitAskView): string {
  const all = words(frame)
  const w = all.wait
  const { wait } = frame.policy.recovery
  const inField = problem?.reason === 'address_invalid' || problem?.reason === 'address_same'
  const here = `${frame.basePath}${paths.recoverWait}`
  return layout(frame, {
    title: w.title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : here,
    here,
    children: (
      <>
        {problem !== undefined && (
          <Summary frame={frame} problem={problem} field={inField ? (of === 'account' ? 'account' : 'email') : null} />
        )}
        <h1>{w.title}</h1>
        <p class="lead">{w.lead}</p>
        <p>{w.what({ wait: all.duration(wait ?? 0) })}</p>
        <Post frame={frame} to={paths.recoverWait}>
          <AccountField frame={frame} value={account} problem={inField && of === 'account' ? problem : undefined} />
          <EmailField frame={frame} label={w.email} value={email} problem={inField && of !== 'account' ? problem : undefined} />
          <div class="actions">
            <button type="submit">{w.send}</button>
            <a class="button plain" href={`${frame.basePath}${paths.signIn}`}>
              {w.back}
            </a>
          </div>
        </Post>
      </>
    ),
  })
}

function AccountField({ frame, value, problem }: { frame: Frame; value: string | undefined; problem: Problem | undefined }) {
  return (
    <div class="field">
      <label for="account">{words(frame).wait.account}</label>
      {problem !== undefined && <FieldProblem frame={frame} problem={problem} id="account-problem" />}
      <input
        id="account"
        name="account"
        type="email"
        inputmode="email"
        autocomplete="email"
        autocapitalize="off"
        autocorrect="off"
        spellcheck={false}
        dir="ltr"
        required
        value={value}
        aria-invalid={problem === undefined ? undefined : 'true'}
        aria-describedby={problem === undefined ? undefined : 'account-problem'}
      />
    </div>
  )
}

export interface WaitSentView {
  readonly email: string
  readonly sent: NonNullable<ConfirmView['sent']>
  readonly problem?: Problem | undefined
}

export function waitSentPage(frame: Frame, { email, sent, problem }: WaitSentView): string {
  const { wait: w, check } = words(frame)
  return sentPage(frame, {
    title: w.sentTitle,
    lead: fill(w.sent, { address: <Address>{email}</Address> }),
    url: `${frame.basePath}${paths.recoverWaitCheck}?c=${encodeURIComponent(sent.challenge)}`,
    sent,
    problem,
    to: paths.recoverWaitCode,
    submit: w.submit,
    resendTo: paths.recoverWaitResend,
    more: <p class="hint">{w.until}</p>,
    back: { href: `${frame.basePath}${paths.recoverWait}`, label: check.otherAddress },
  })
}

export interface WaitBegunView {
  readonly email: string
  readonly readyAt: Ms
  /** Somebody has to agree. */
  readonly approvals: boolean
}

export function waitBegunPage(frame: Frame, { email, readyAt, approvals }: WaitBegunView): string {
  const all = words(frame)
  const w = all.wait
  return layout(frame, {
    title: w.begunTitle,
    children: (
      <>
        <h1>{w.begunTitle}</h1>
        <p class="lead">{fill(w.begun, { time: <Time frame={frame} at={readyAt} />, address: <Address>{email}</Address> })}</p>
        {approvals && <p>{w.begunApproved({ brand: frame.brand.name })}</p>}
        <p>{w.begunTold}</p>
        <p class="hint">{w.begunClose}</p>
      </>
    ),
  })
}

/** Where the link of the notice leads. It names no address. */
export interface WaitStopView {
  readonly linkId: string
  /** Only with linkSecret "path". */
  readonly secret?: string | undefined
  readonly device: string
  readonly askedAt: Ms
  readonly readyAt: Ms
  readonly problem?: Problem | undefined
}

export function waitStopPage(frame: Frame, view: WaitStopView): string {
  const all = words(frame)
  const w = all.wait
  const { linkId, secret, problem } = view
  const hasSecret = secret !== undefined && secret !== ''
  return layout(frame, {
    title: w.cancelTitle,
    error: problem !== undefined,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field="secret" />}
        <h1>{w.cancelTitle}</h1>
        <p class="lead">
          <Asked frame={frame} {...view} />
        </p>
        <p>{w.does}</p>
        <Post frame={frame} to={`${paths.recoverCancel}/${encodeURIComponent(linkId)}`} data-landing="">
          <Secret frame={frame} secret={secret} hidden={hasSecret} />
          <div class="actions">
            <button type="submit">{w.stop}</button>
          </div>
        </Post>
        <p class="hint">{w.fine}</p>
      </>
    ),
  })
}

function Asked({ frame, device, askedAt, readyAt }: { frame: Frame } & Pick<WaitStopView, 'device' | 'askedAt' | 'readyAt'>) {
  const all = words(frame)
  const w = all.wait
  return (
    <>
      {fill(w.asked, { brand: frame.brand.name, device: <bdi>{all.device(device)}</bdi>, ago: all.ago(askedAt, frame.now) })}
      {all.gap}
      {fill(w.opens, { time: <Time frame={frame} at={readyAt} /> })}
    </>
  )
}

/** Without script it is pasted: the server sees no fragment. */
function Secret({ frame, secret, hidden }: { frame: Frame; secret: string | undefined; hidden: boolean }) {
  return (
    <div class="field" data-way="code" hidden={hidden}>
      <label for="secret">{words(frame).wait.paste}</label>
      <input
        id="secret"
        name="secret"
        type="text"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        dir="ltr"
        required
        value={secret}
      />
    </div>
  )
}

export function waitStoppedPage(frame: Frame, { at }: { readonly at: Ms }): string {
  const w = words(frame).wait
  return layout(frame, {
    title: w.stoppedTitle,
    children: (
      <>
        <h1>{w.stoppedTitle}</h1>
        <p class="lead">{fill(w.stopped, { time: <Time frame={frame} at={at} /> })}</p>
        <p>{w.stoppedNext}</p>
        <p>
          <a class="button" href={`${frame.basePath}${paths.signIn}`}>
            {words(frame).failure.signIn}
          </a>
        </p>
      </>
    ),
  })
}

/** Where the link after the wait leads. */
export interface WaitOpenView {
  readonly linkId: string
  readonly secret?: string | undefined
  readonly problem?: Problem | undefined
}

export function waitOpenPage(frame: Frame, { linkId, secret, problem }: WaitOpenView): string {
  const all = words(frame)
  const w = all.wait
  const hasSecret = secret !== undefined && secret !== ''
  const cut = problem?.reason === 'link_malformed'
  return layout(frame, {
    title: w.openTitle,
    error: problem !== undefined,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={cut ? 'secret' : 'email'} />}
        <h1>{w.openTitle}</h1>
        <p class="lead">{w.openWhy}</p>
        <Post frame={frame} to={`${paths.recoverOpen}/${encodeURIComponent(linkId)}`} data-landing="">
          <Secret frame={frame} secret={secret} hidden={hasSecret} />
          <EmailField frame={frame} label={w.openLead} problem={cut ? undefined : problem} />
          <div class="actions">
            <button type="submit">{w.open}</button>
          </div>
        </Post>
        <p class="hint">{w.openFine({ sessionTime: all.duration(frame.policy.recovery.sessionTtl) })}</p>
      </>
    ),
  })
}

/** On the account page of each session: somebody is waiting. */
export interface WaitBannerView {
  readonly device: string
  readonly askedAt: Ms
  readonly readyAt: Ms
}

export function WaitBanner({ frame, view }: { frame: Frame; view: WaitBannerView }) {
  const w = words(frame).wait
  return (
    <section class="summary" aria-labelledby="waiting">
      <h2 id="waiting">{w.banner}</h2>
      <p>
        <Asked frame={frame} {...view} />
      </p>
      <p>{w.does}</p>
      <Post frame={frame} to={paths.recoveryStop}>
        <div class="actions">
          <button type="submit">{w.stop}</button>
        </div>
      </Post>
    </section>
  )
}
