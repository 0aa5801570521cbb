// Getting back in without the mailbox: the address of the account and a printed code, or a mail to the backup address; then a new address,
// and the code that went there. Nothing here says whether there is such an account.
import { paths } from '../core/paths.ts'
import { askPath } from './ask.tsx'
import { EmailField, Post } from './fields.tsx'
import { Address, fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { FieldProblem, Summary } from './problem.tsx'
import { sentPage } from './sent.tsx'
import type { Frame, Problem, RecoverAddressView, RecoverSentView, RecoverView } from './view.ts'

export function recoverPage(frame: Frame, { email, problem }: RecoverView): string {
  const w = words(frame).recover
  const inEmail = problem?.reason === 'address_invalid'
  const inCode = problem?.reason === 'recovery_code_wrong'
  return layout(frame, {
    title: w.title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : `${frame.basePath}${paths.recover}`,
    here: `${frame.basePath}${paths.recover}`,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inEmail ? 'email' : inCode ? 'recovery-code' : null} />}
        <h1>{w.title}</h1>
        <p class="lead">{w.lead}</p>
        <Post frame={frame} to={paths.recover}>
          <EmailField
            frame={frame}
            label={w.email}
            value={email}
            problem={inEmail ? problem : undefined}
            autofocus={problem === undefined}
          />
          <PrintedCodeField frame={frame} problem={inCode ? problem : undefined} />
          <div class="actions">
            <button type="submit">{w.submit}</button>
          </div>
        </Post>
        {frame.policy.recovery.backup && (
          <p>
            <a href={`${frame.basePath}${paths.recoverBackup}`}>{w.byBackup}</a>
          </p>
        )}
        {frame.policy.recovery.wait !== null && (
          <p>
            <a href={`${frame.basePath}${paths.recoverWait}`}>{w.byWait}</a>
          </p>
        )}
        <p class="hint">{w.notice}</p>
      </>
    ),
  })
}

/** Letters and digits in any form that people type from paper: the server reads them. */
function PrintedCodeField({ frame, problem }: { frame: Frame; problem?: Problem | undefined }) {
  const w = words(frame).recover
  return (
    <div class="field">
      <label for="recovery-code">{w.code}</label>
      {problem !== undefined && <FieldProblem frame={frame} problem={problem} id="recovery-code-problem" />}
      <input
        id="recovery-code"
        name="code"
        type="text"
        autocomplete="off"
        autocapitalize="characters"
        autocorrect="off"
        spellcheck={false}
        dir="ltr"
        required
        aria-invalid={problem === undefined ? undefined : 'true'}
        aria-describedby={problem === undefined ? 'recovery-code-hint' : 'recovery-code-hint recovery-code-problem'}
      />
      <p id="recovery-code-hint" class="hint">
        {w.codeHint}
      </p>
    </div>
  )
}

export function recoverBackupPage(frame: Frame, { email, problem }: RecoverView): string {
  const w = words(frame).recover
  const inEmail = problem?.reason === 'address_invalid'
  return layout(frame, {
    title: w.backupTitle,
    error: problem !== undefined,
    url: problem === undefined ? undefined : `${frame.basePath}${paths.recoverBackup}`,
    here: `${frame.basePath}${paths.recoverBackup}`,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inEmail ? 'email' : null} />}
        <h1>{w.backupTitle}</h1>
        <p class="lead">{w.backupLead}</p>
        <Post frame={frame} to={paths.recoverBackup}>
          <EmailField
            frame={frame}
            label={w.email}
            value={email}
            problem={inEmail ? problem : undefined}
            autofocus={problem === undefined}
          />
          <div class="actions">
            <button type="submit">{w.backupSend}</button>
          </div>
        </Post>
        {frame.policy.recovery.codes > 0 && (
          <p>
            <a href={`${frame.basePath}${paths.recover}`}>{w.byCode}</a>
          </p>
        )}
        <p class="hint">{w.notice}</p>
      </>
    ),
  })
}

/** No address stands here: whoever asked knows the account's, and is to learn of no other. */
export function recoverBackupSentPage(frame: Frame, { sent, problem }: Omit<RecoverSentView, 'email'>): string {
  const w = words(frame).recover
  return sentPage(frame, {
    title: w.backupSentTitle,
    lead: w.backupSent({ duration: words(frame).duration(frame.policy.recovery.mailTtl) }),
    url: `${frame.basePath}${paths.recoverBackupCheck}?c=${encodeURIComponent(sent.challenge)}`,
    sent,
    problem,
    to: paths.recoverBackupCode,
    submit: w.submit,
    back: { href: `${frame.basePath}${paths.recoverBackup}`, label: w.backupAgain },
  })
}

export function recoverAddressPage(frame: Frame, { email, dormant = false, until, typed, problem }: RecoverAddressView): string {
  const all = words(frame)
  const { recover: w } = all
  const inField = problem?.reason === 'address_invalid' || problem?.reason === 'address_same'
  return layout(frame, {
    title: w.addressTitle,
    error: problem !== undefined,
    url: problem === undefined ? undefined : `${frame.basePath}${paths.recoverAddress}`,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'email' : null} />}
        <h1>{w.addressTitle}</h1>
        <p class="lead">{fill(w.addressLead, { address: <Address>{email}</Address> })}</p>
        <p>
          {dormant
            ? fill(w.addressDormant, { address: <Address>{email}</Address> })
            : w.addressWhat({ undoTime: all.duration(frame.policy.changeEmail.undo) })}
        </p>
        {dormant && (
          <p>
            <a href={askPath(frame, null)}>{all.failure.signIn}</a>
          </p>
        )}
        <Post frame={frame} to={paths.recoverAddress}>
          <EmailField
            frame={frame}
            label={w.newEmail}
            value={typed}
            problem={inField ? problem : undefined}
            autofocus={problem === undefined}
          />
          <div class="actions">
            <button type="submit">{w.send}</button>
          </div>
        </Post>
        <p class="hint">{fill(w.addressUntil, { time: <Time frame={frame} at={until} /> })}</p>
      </>
    ),
  })
}

export function recoverSentPage(frame: Frame, { email, sent, problem }: RecoverSentView): string {
  const w = words(frame).recover
  return sentPage(frame, {
    title: w.sentTitle,
    lead: fill(w.sent, { address: <Address>{email}</Address> }),
    url: `${frame.basePath}${paths.recoverCheck}?c=${encodeURIComponent(sent.challenge)}`,
    sent,
    problem,
    to: paths.recoverCode,
    submit: w.set,
    resendTo: paths.recoverResend,
    back: { href: `${frame.basePath}${paths.recoverAddress}`, label: w.otherAddress },
  })
}

export function recoveredPage(frame: Frame): string {
  const w = words(frame).recover
  return layout(frame, {
    title: w.doneTitle,
    children: (
      <>
        <h1>{w.doneTitle}</h1>
        <p class="lead">{w.done}</p>
        <p>
          <a class="button" href={askPath(frame, null)}>
            {words(frame).failure.signIn}
          </a>
        </p>
      </>
    ),
  })
}
