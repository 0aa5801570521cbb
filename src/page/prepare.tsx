// What somebody prepares for the loss of the mailbox: recovery codes to print, and a backup address.
import { paths } from '../core/paths.ts'
import { EmailField, Post } from './fields.tsx'
import { Address, fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import { sentPage } from './sent.tsx'
import type { CodesView, Frame, PrepareView, RecoverSentView } from './view.ts'

export function preparePage(frame: Frame, { codes, backup, typed, notice, problem }: PrepareView): string {
  const w = words(frame).prepare
  const inField = problem?.reason === 'address_invalid' || problem?.reason === 'address_same'
  const { recovery } = frame.policy
  return layout(frame, {
    title: w.title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : `${frame.basePath}${paths.prepare}`,
    here: `${frame.basePath}${paths.prepare}`,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'email' : null} />}
        <h1>{w.title}</h1>
        <p class="lead">{w.lead}</p>
        <p class="notice" role="status">
          {notice === undefined ? '' : { backup_set: w.backupSet, backup_removed: w.backupRemoved }[notice]}
        </p>
        {recovery.codes > 0 && (
          <section aria-labelledby="codes">
            <h2 id="codes">{w.codes}</h2>
            <p>{w.codesLead({ count: recovery.codes })}</p>
            <p>
              {codes === null
                ? w.codesNone
                : fill(w.codesLeft, { left: codes.left, of: String(codes.of), date: <Time frame={frame} at={codes.printedAt} dated /> })}
            </p>
            <Post frame={frame} to={paths.prepareCodes}>
              <button type="submit">{w.print}</button>
            </Post>
            <p class="hint">{w.printReplaces}</p>
          </section>
        )}
        {(recovery.backup || backup !== null) && (
          <section aria-labelledby="backup">
            <h2 id="backup">{w.backup}</h2>
            <p>{w.backupLead}</p>
            <p>{backup === null ? w.backupNone : fill(w.backupIs, { address: <Address>{backup}</Address> })}</p>
            {backup !== null && (
              <Post frame={frame} to={paths.prepareBackupRemove}>
                <button type="submit" class="plain">
                  {w.backupRemove}
                </button>
              </Post>
            )}
            {recovery.backup && (
              <Post frame={frame} to={paths.prepareBackup}>
                <EmailField frame={frame} label={w.backupEmail} value={typed} problem={inField ? problem : undefined} />
                <button type="submit">{w.backupSend}</button>
              </Post>
            )}
          </section>
        )}
        <p>
          <a href={`${frame.basePath}${paths.account}`}>{words(frame).confirm.back}</a>
        </p>
      </>
    ),
  })
}

/** Shown once, and made to be printed: what is not of use on paper is left out there. */
export function codesPage(frame: Frame, { email, codes, url }: CodesView): string {
  const w = words(frame).prepare
  return layout(frame, {
    title: w.sheetTitle,
    children: (
      <>
        <h1>{w.sheetTitle}</h1>
        <p class="lead">
          {fill(w.sheetLead, {
            address: <Address>{email}</Address>,
            brand: frame.brand.name,
            date: <Time frame={frame} at={frame.now} dated />,
          })}
        </p>
        <p class="screen">{w.sheetOnce}</p>
        <ol class="codes">
          {codes.map((code) => (
            <li>
              <code dir="ltr">{code}</code>
            </li>
          ))}
        </ol>
        <p>{fill(w.sheetUse, { url: <bdi dir="ltr">{url}</bdi> })}</p>
        <p class="screen">
          <a class="button" href={`${frame.basePath}${paths.prepare}`}>
            {w.sheetDone}
          </a>
        </p>
      </>
    ),
  })
}

export function backupSentPage(frame: Frame, { email, sent, problem }: RecoverSentView): string {
  const { prepare: w, confirm } = words(frame)
  return sentPage(frame, {
    title: w.sentTitle,
    lead: fill(w.sent, { address: <Address>{email}</Address> }),
    url: `${frame.basePath}${paths.prepareBackup}?c=${encodeURIComponent(sent.challenge)}`,
    sent,
    problem,
    to: paths.prepareBackupCode,
    submit: w.confirm,
    resendTo: paths.prepareBackupResend,
    back: { href: `${frame.basePath}${paths.prepare}`, label: confirm.back },
  })
}
