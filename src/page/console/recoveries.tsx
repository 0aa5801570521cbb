// Who waits to get back in without their mailbox, and what operators can do about it: agree, stop, begin it for somebody. Nothing here leads in.
import { paths } from '../../core/paths.ts'
import { type ReasonCode, reasons } from '../../core/reason.ts'
import type { Standing } from '../../core/recovery-wait.ts'
import { Hidden, Post } from '../fields.tsx'
import { Address, fill, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { deskPage, When } from './desk.tsx'
import type { Desk } from './view.ts'

export interface SeenRecovery {
  readonly id: string
  /** Names the person in paths. */
  readonly person: string
  readonly email: string
  readonly newEmail: string
  /** An operator's address or id; null: the person. */
  readonly begunBy: string | null
  /** It was this operator. */
  readonly own: boolean
  readonly askedAt: number
  readonly readyAt: number
  readonly approvals: number
  readonly missing: number
  readonly is: Standing['is']
}

export interface RecoveriesView {
  readonly recoveries: readonly SeenRecovery[]
  readonly said?: ReasonCode | undefined
}

export function recoveriesPage(frame: Frame, desk: Desk, { recoveries, said }: RecoveriesView): string {
  const w = words(frame).console.recoveries
  const here = `${frame.basePath}${paths.consoleRecoveries}`
  return deskPage(frame, desk, {
    title: w.heading,
    url: said === undefined ? undefined : here,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="notice" role="status">
          {said === undefined ? '' : reasons[said].meaning}
        </p>
        <p class="lead">{w.lead}</p>
        {recoveries.length === 0 ? (
          <p class="hint">{w.none}</p>
        ) : (
          <ul class="rows">
            {recoveries.map((one) => (
              <Row frame={frame} one={one} />
            ))}
          </ul>
        )}
        <section aria-labelledby="begin">
          <h2 id="begin">{w.begin}</h2>
          <p class="hint">{w.beginHint}</p>
          <Post frame={frame} to={paths.consoleRecoveries}>
            <Hidden name="act" value="start" />
            <TextField id="account" label={w.account} />
            <TextField id="email" label={w.email} />
            <button type="submit">{w.submit}</button>
          </Post>
        </section>
      </>
    ),
  })
}

function TextField({ id, label }: { id: string; label: string }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={id} type="email" autocomplete="off" autocapitalize="off" spellcheck={false} dir="ltr" required />
    </div>
  )
}

function Row({ frame, one }: { frame: Frame; one: SeenRecovery }) {
  const w = words(frame).console.recoveries
  return (
    <li>
      <div>
        <p>
          <a href={`${frame.basePath}${paths.consolePeople}/${one.person}`}>
            <Address>{one.email}</Address>
          </a>{' '}
          <span class={one.is === 'ready' ? 'tag stop' : 'tag'}>{w.states[one.is]}</span>
        </p>
        <p class="hint">
          {fill(w.to, { address: <Address>{one.newEmail}</Address> })} · {fill(w.asked, { when: <When frame={frame} at={one.askedAt} /> })}{' '}
          · {one.begunBy === null ? w.byPerson : fill(w.byOperator, { operator: <bdi dir="ltr">{one.begunBy}</bdi> })}
        </p>
        <p class="hint">
          {fill(w.ready, { when: <When frame={frame} at={one.readyAt} /> })} · {w.approvals(one.approvals, one.missing)} ·{' '}
          <code>{one.id}</code>
        </p>
      </div>
      {!one.own && one.missing > 0 && <ActForm frame={frame} one={one} act="approve" label={w.approve} />}
      <ActForm frame={frame} one={one} act="cancel" label={w.cancel} />
    </li>
  )
}

function ActForm({ frame, one, act, label }: { frame: Frame; one: SeenRecovery; act: 'approve' | 'cancel'; label: string }) {
  return (
    <Post frame={frame} to={paths.consoleRecoveries}>
      <Hidden name="act" value={act} />
      <Hidden name="recovery" value={one.id} />
      <Hidden name="person" value={one.person} />
      <button type="submit" class="plain small">
        {label}
        <span class="unseen"> {one.email}</span>
      </button>
    </Post>
  )
}
