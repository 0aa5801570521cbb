// One person: who, what is limited now and until when, where signed in, what was asked for and what became of each mail; and what an
// operator can do about it.
import type { Child } from 'hono/jsx'
import { isDormant } from '../../core/dormant.ts'
import type { Act } from '../../core/operator.ts'
import { paths } from '../../core/paths.ts'
import { reasons } from '../../core/reason.ts'
import type { Standing } from '../../core/standing.ts'
import { Hidden, Post } from '../fields.tsx'
import { Address, fill, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { deskPage, type Fact, Facts, When } from './desk.tsx'
import { foundPath } from './found.tsx'
import type { Desk, PersonPageView, SeenMail } from './view.ts'

export function personPage(frame: Frame, desk: Desk, view: PersonPageView): string {
  const w = words(frame).console.person
  return deskPage(frame, desk, {
    title: w.title,
    url: view.said === undefined ? undefined : `${frame.basePath}${personPath(view)}`,
    children: (
      <>
        <h1>{view.erased ? w.title : <Address>{view.email}</Address>}</h1>
        <p class="notice" role="status">
          {view.said === undefined ? '' : reasons[view.said].meaning}
        </p>
        <Who frame={frame} view={view} />
        {!view.erased && <Limits frame={frame} view={view} />}
        <Sessions frame={frame} view={view} />
        <Asked frame={frame} view={view} />
        <Acts frame={frame} view={view} />
      </>
    ),
  })
}

export function personPath({ name }: { readonly name: string }): string {
  return `${paths.consolePeople}/${encodeURIComponent(name)}`
}

interface Props {
  readonly frame: Frame
  readonly view: PersonPageView
}

function Who({ frame, view }: Props) {
  const w = words(frame).console
  const { user, listed, erased } = view
  const when = (at: number | null): Child => (at === null ? w.never : <When frame={frame} at={at} />)
  const facts: Fact[] =
    user === null
      ? []
      : [
          { name: w.person.user, value: <code>{user.id}</code> },
          { name: w.person.since, value: when(user.createdAt) },
          { name: w.person.confirmed, value: when(user.confirmedAt) },
          { name: w.person.signIns, value: String(user.signInCount) },
          { name: w.person.last, value: when(user.currentSignInAt) },
        ]
  return (
    <>
      <p class="tags">
        <span class={user?.status === 'disabled' ? 'tag stop' : 'tag'}>
          {erased ? w.person.tags.erased : user === null ? w.person.tags.none : w.person.tags[user.status]}
        </span>
        {listed && <span class="tag">{w.person.tags.operator}</span>}
      </p>
      {erased && <p>{w.person.erased}</p>}
      {user === null ? <p>{w.person.noUser}</p> : <Facts facts={facts} />}
    </>
  )
}

const lifts: Readonly<Record<Standing['limit'], Act>> = {
  mails: 'lift_mails',
  knownMails: 'lift_mails',
  failures: 'lift_failures',
  bounces: 'lift_bounces',
}

function Limits({ frame, view }: Props) {
  const w = words(frame).console.person
  const shown = view.standings.filter(({ limit }) => limit !== 'failures' || view.policyHasCode)
  return (
    <section aria-labelledby="limits">
      <h2 id="limits">{w.limits}</h2>
      <p class="hint">{w.limitsLead}</p>
      <ul class="rows">
        {view.suppressed !== null && (
          <li>
            <div>
              <p>
                {w.suppressed}{' '}
                <span class="tag stop">
                  {fill(w.suppressedSince[view.suppressed.why], { when: <When frame={frame} at={view.suppressed.since} /> })}
                </span>
              </p>
              <p class="hint">{w.suppressedHint}</p>
            </div>
            <ActForm frame={frame} view={view} act="lift_bounces" />
          </li>
        )}
        {view.quietUntil !== null && (
          <li>
            <div>
              <p>
                {w.quiet} <span class="tag stop">{fill(w.quietUntil, { when: <When frame={frame} at={view.quietUntil} /> })}</span>
              </p>
              <p class="hint">{w.quietHint}</p>
            </div>
            <ActForm frame={frame} view={view} act="lift_mails" />
          </li>
        )}
        {shown.map(({ limit, windows, openAt }) => (
          <li>
            <div>
              <p>
                {w.limit[limit]}{' '}
                {openAt === null ? (
                  <span class="tag">{w.room}</span>
                ) : (
                  <span class="tag stop">{fill(w.full[limit], { when: <When frame={frame} at={openAt} /> })}</span>
                )}
              </p>
              <p class="hint">{windows.map(({ used, count, per }) => w.used(used, count, per)).join(' · ')}</p>
            </div>
            {windows.some(({ used }) => used > 0) && !(limit === 'bounces' && view.suppressed !== null) && (
              <ActForm frame={frame} view={view} act={lifts[limit]} />
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Sessions({ frame, view }: Props) {
  const w = words(frame).console.person
  const ago = (at: number): string => words(frame).ago(at, frame.now)
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">{w.sessions}</h2>
      {view.sessions.length === 0 ? (
        <p class="hint">{w.sessionsNone}</p>
      ) : (
        <ul class="rows">
          {view.sessions.map((session) => (
            <li>
              <div>
                <p>
                  <bdi>{session.device}</bdi>
                </p>
                <p class="hint">
                  {w.session(ago(session.createdAt), ago(session.seenAt))} · <bdi dir="ltr">{session.network}</bdi> ·{' '}
                  <code>{session.id}</code>
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Asked({ frame, view }: Props) {
  const w = words(frame).console.person
  const newest = view.challenges.find(({ live }) => live)
  return (
    <section aria-labelledby="asked">
      <h2 id="asked">{w.asked}</h2>
      {view.challenges.length === 0 && <p class="hint">{w.askedNone}</p>}
      {view.challenges.map((challenge) => {
        const elsewhere = challenge.mails.find(({ linkUsedAt }) => linkUsedAt !== null)?.linkUsedAt ?? null
        return (
          <div class="entry">
            <h3>
              <When frame={frame} at={challenge.createdAt} />{' '}
              {challenge.device !== '' && fill(w.askedIn, { device: <bdi>{challenge.device}</bdi> })}
            </h3>
            <p>{challenge.verdict}</p>
            <p class="hint">
              {w.challenge} <code>{challenge.id}</code> · <a href={`${frame.basePath}${foundPath(challenge.id)}`}>{w.story}</a> ·{' '}
              {challenge.completedAt !== null
                ? fill(w.completed, { when: <When frame={frame} at={challenge.completedAt} /> })
                : elsewhere !== null
                  ? fill(w.linkUsed, { when: <When frame={frame} at={elsewhere} /> })
                  : challenge.live
                    ? w.live
                    : w.over}
            </p>
            <ul class="rows">
              {challenge.mails.map((mail) => (
                <MailRow frame={frame} mail={mail} />
              ))}
            </ul>
            {challenge === newest && !view.erased && <ActForm frame={frame} view={view} act="resend" challenge={challenge.id} />}
          </div>
        )
      })}
    </section>
  )
}

/** Reasons that say no more than the state does. */
const plain: ReadonlySet<string> = new Set(['mail_queued'])

function MailRow({ frame, mail }: { frame: Frame; mail: SeenMail }) {
  const w = words(frame).console
  const notes = [
    w.person.handOver(mail.tries),
    ...(mail.hasCode ? [] : [w.person.noCode]),
    ...(mail.codeTries > 0 ? [w.person.wrongCodes(mail.codeTries)] : []),
    ...(mail.addressTries > 0 ? [w.person.wrongAddresses(mail.addressTries)] : []),
  ]
  return (
    <li>
      <div>
        <p>
          {w.person.mail(mail.ordinal + 1)}{' '}
          <span class={mail.state === 'sent' || mail.state === 'queued' ? 'tag' : 'tag stop'}>{w.mails.states[mail.state]}</span>
        </p>
        <p class="hint">
          <When frame={frame} at={mail.createdAt} /> · {notes.join(' · ')}
          {mail.state === 'queued' && <> · {fill(w.person.nextTry, { when: <When frame={frame} at={mail.dueAt} /> })}</>}
        </p>
        {mail.reason !== null && !plain.has(mail.reason) && <p class="hint">{reasons[mail.reason].meaning}</p>}
        {mail.answers
          .filter(({ replyText }) => replyText !== '')
          .map(({ at, replyText }) => (
            <p class="hint">
              {w.person.answer} <When frame={frame} at={at} />: <code>{replyText}</code>
            </p>
          ))}
      </div>
    </li>
  )
}

function Acts({ frame, view }: Props) {
  const w = words(frame).console.person
  const { user, erased, listed } = view
  if (erased) {
    return (
      <section aria-labelledby="acts">
        <h2 id="acts">{w.acts}</h2>
        <p class="hint">{w.actsNone}</p>
      </section>
    )
  }
  const offered: Act[] = [
    ...(user !== null && view.sessions.length > 0 ? (['end_sessions'] as const) : []),
    ...(user !== null && !listed && (user.status === 'disabled' || isDormant(frame.policy, user.currentSignInAt, frame.now))
      ? (['enable'] as const)
      : []),
    ...(user !== null && !listed && user.status === 'active' ? (['disable'] as const) : []),
  ]
  return (
    <section aria-labelledby="acts">
      <h2 id="acts">{w.acts}</h2>
      {listed && <p class="hint">{w.protected}</p>}
      <ul class="rows">
        {offered.map((act) => (
          <li>
            <div>
              <p class="hint">{w.act[act].hint}</p>
            </div>
            <ActForm frame={frame} view={view} act={act} />
          </li>
        ))}
        {!listed && (
          <li>
            <details>
              <summary>{w.eraseAsk}</summary>
              <p>{w.act.erase.hint}</p>
              <Post frame={frame} to={personPath(view)}>
                <Hidden name="act" value="erase" />
                <p>
                  <label class="check">
                    <input type="checkbox" name="sure" value="yes" required /> {w.eraseSure}
                  </label>
                </p>
                <button type="submit" class="small stop">
                  {w.act.erase.label}
                </button>
              </Post>
            </details>
          </li>
        )}
      </ul>
    </section>
  )
}

function ActForm({ frame, view, act, challenge }: Props & { act: Act; challenge?: string }) {
  const { label } = words(frame).console.person.act[act]
  return (
    <Post frame={frame} to={personPath(view)}>
      <Hidden name="act" value={act} />
      {challenge !== undefined && <Hidden name="challenge" value={challenge} />}
      <button type="submit" class="plain small">
        {label}
      </button>
    </Post>
  )
}
