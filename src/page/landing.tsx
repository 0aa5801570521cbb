// Where a live link leads. A GET shows this and changes nothing. As sent, the page asks for the code, because the server does not
// see the fragment; the script finds the secret there and shows the other half. Only the browser that asked submits by itself:
// mail scanners run scripts and press buttons, but they do not have its cookie.
import type { Purpose } from '../core/model.ts'
import { paths } from '../core/paths.ts'
import { landingWords } from '../words/purpose.ts'
import { askPath } from './ask.tsx'
import { CodeForm } from './check.tsx'
import { EmailField, Hidden, Post } from './fields.tsx'
import { Address, fill, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import type { Frame, LandingView } from './view.ts'

export function landingPage(frame: Frame, view: LandingView): string {
  const w = landingWords(words(frame), view.purpose)
  const { problem } = view
  const hasSecret = view.secret !== undefined && view.secret !== ''
  const offersLink = view.bound || view.addressAllowed
  return layout(frame, {
    title: w.title,
    error: problem !== undefined,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={view.bound || !offersLink ? null : 'email'} />}
        <div data-way="code" hidden={hasSecret && offersLink}>
          {view.bound ? <CodeWay frame={frame} view={view} /> : <Elsewhere frame={frame} view={view} />}
        </div>
        {offersLink && (
          <div data-way="link" hidden={!hasSecret}>
            {view.bound ? <BoundForm frame={frame} view={view} /> : <UnboundForm frame={frame} view={view} />}
          </div>
        )}
      </>
    ),
  })
}

interface Props {
  readonly frame: Frame
  readonly view: LandingView
}

/** Where the code of the same mail is typed. */
const CODE_AT: Partial<Record<Purpose, string>> = {
  step_up: paths.confirmCode,
  change_email: paths.addressCode,
  leave_email: paths.addressCode,
  recover: paths.recoverCode,
  recover_backup: paths.recoverBackupCode,
  confirm_backup: paths.prepareBackupCode,
  begin_recovery: paths.recoverWaitCode,
}

/** The browser that asked, but without script, or the mail program cut the link. */
function CodeWay({ frame, view }: Props) {
  const w = landingWords(words(frame), view.purpose)
  if (!frame.policy.methods.includes('code')) {
    return (
      <>
        <h1>{w.noCodeHeading}</h1>
        <p class="lead">{w.noCode}</p>
        <StartAgain frame={frame} />
      </>
    )
  }
  return (
    <>
      <h1>{w.codeHeading}</h1>
      <p class="lead">{w.codeIntro}</p>
      <CodeForm
        frame={frame}
        challenge={view.challenge}
        to={CODE_AT[view.purpose]}
        submit={view.purpose === 'sign_in' ? undefined : words(frame).confirm.submit}
        side={CODE_AT[view.purpose] === paths.addressCode ? view.purpose : undefined}
      />
      <StartAgain frame={frame} quiet />
    </>
  )
}

/** Another browser that cannot sign in with this link: it says where to go. */
function Elsewhere({ frame, view }: Props) {
  const w = landingWords(words(frame), view.purpose)
  const hasCode = frame.policy.methods.includes('code')
  const cut = view.addressAllowed ? (hasCode ? w.there : w.noCode) : hasCode ? w.onlyThere : w.onlyThereLink
  return (
    <>
      <h1>{w.whereHeading}</h1>
      <p class="lead">
        <Asked frame={frame} view={view} />
        {words(frame).gap}
        {cut}
      </p>
      <StartAgain frame={frame} />
      <p class="hint">
        {w.notMe}
        {words(frame).gap}
        {w.notMeMail}
      </p>
    </>
  )
}

function BoundForm({ frame, view }: Props) {
  const w = landingWords(words(frame), view.purpose)
  const { email, signedInAs, problem } = view
  const parts = { address: <Address>{email ?? ''}</Address>, current: <Address>{signedInAs ?? ''}</Address> }
  // Never by itself where that would end somebody's session, nor right after a "no".
  const auto = signedInAs === undefined && problem === undefined
  return (
    <>
      <h1>{signedInAs === undefined ? w.boundHeading : w.switchHeading}</h1>
      {signedInAs !== undefined && <p class="lead">{fill(email === null ? w.switchAskNameless : w.switchAsk, parts)}</p>}
      {signedInAs === undefined && email !== null && <p class="lead">{fill(w.boundAs, parts)}</p>}
      <p class="unseen" role="status" data-status=""></p>
      <Post
        frame={frame}
        to={`${paths.link}/${encodeURIComponent(view.linkId)}`}
        data-landing=""
        {...(auto ? autoSubmit(frame) : {})}
        data-busy={w.busy}
      >
        <Hidden name="secret" value={view.secret ?? ''} />
        {view.purpose !== 'sign_in' && <Hidden name="for" value={view.purpose} />}
        <div class="actions">
          <button type="submit">{signedInAs !== undefined && email !== null ? <span>{fill(w.switchTo, parts)}</span> : w.continue}</button>
          {signedInAs !== undefined && <Stay frame={frame} />}
        </div>
      </Post>
    </>
  )
}

function UnboundForm({ frame, view }: Props) {
  const w = landingWords(words(frame), view.purpose)
  const { problem, signedInAs } = view
  return (
    <>
      <h1>{w.otherHeading}</h1>
      <p class="lead">
        <Asked frame={frame} view={view} />
      </p>
      {view.purpose !== 'invite' && (
        <section>
          <h2>{w.thereHeading}</h2>
          <p>{frame.policy.methods.includes('code') ? w.there : w.thereLink}</p>
        </section>
      )}
      <section>
        <h2>{w.hereHeading}</h2>
        {signedInAs !== undefined && <p>{fill(w.switchAskNameless, { current: <Address>{signedInAs}</Address> })}</p>}
        {/* The address is typed, never offered: a scanner that presses every button does not know it, and nobody ends up in the
            account of whoever sent them a link. */}
        <Post frame={frame} to={`${paths.link}/${encodeURIComponent(view.linkId)}`} data-landing="">
          <Hidden name="secret" value={view.secret ?? ''} />
          {view.purpose !== 'sign_in' && <Hidden name="for" value={view.purpose} />}
          <EmailField frame={frame} label={w.whichAddress} problem={problem} />
          <div class="actions">
            <button type="submit">{w.signInHere}</button>
            <button type="submit" class="plain" formaction={`${frame.basePath}${paths.notMe}/${encodeURIComponent(view.linkId)}`}>
              {words(frame).notMe.submit}
            </button>
            {signedInAs !== undefined && <Stay frame={frame} />}
          </div>
        </Post>
      </section>
      <p class="hint">{w.notMe}</p>
      {frame.policy.quietAfterNotMe !== null && (
        <p class="hint">
          <strong>{words(frame).notMe.submit}</strong>
          <br />
          {words(frame).notMe.quiet({ duration: words(frame).duration(frame.policy.quietAfterNotMe) })}
        </p>
      )}
    </>
  )
}

function Asked({ frame, view }: Props) {
  const w = words(frame)
  const ago = w.ago(view.askedAt, frame.now)
  return <>{fill(landingWords(w, view.purpose).asked, { brand: frame.brand.name, device: <bdi>{w.device(view.device)}</bdi>, ago })}</>
}

function Stay({ frame }: { frame: Frame }) {
  return (
    <a class="button plain" href={`${frame.basePath}${paths.account}`}>
      {words(frame).landing.stay}
    </a>
  )
}

function StartAgain({ frame, quiet }: { frame: Frame; quiet?: boolean }) {
  return (
    <p>
      <a class={quiet === true ? undefined : 'button plain'} href={askPath(frame, null)}>
        {words(frame).landing.startAgain}
      </a>
    </p>
  )
}

function autoSubmit(frame: Frame): { 'data-auto-submit': string } {
  return { 'data-auto-submit': String(frame.policy.autoSubmitDelay) }
}
