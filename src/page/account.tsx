// The signed-in person's own page: where they are signed in, and how to end that.
import { paths } from '../core/paths.ts'
import { Hidden, Post } from './fields.tsx'
import { Address, fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { WaitBanner } from './recovery-wait.tsx'
import type { AccountView, Frame } from './view.ts'

export function accountPage(frame: Frame, view: AccountView): string {
  const all = words(frame)
  const { account: w, own } = all
  const { idle, absolute } = frame.policy.session
  const others = view.sessions.some((session) => !session.current)
  return layout(frame, {
    title: w.title,
    here: `${frame.basePath}${paths.account}`,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{fill(w.signedInAs, { address: <Address>{view.email}</Address> })}</p>
        <p class="notice" role="status">
          {view.notice === undefined
            ? ''
            : {
                session_ended: w.sessionEnded,
                others_ended: w.othersEnded,
                address_changed: own.addressChanged,
                recovery_stopped: all.wait.bannerStopped,
              }[view.notice]}
        </p>
        {view.waiting != null && <WaitBanner frame={frame} view={view.waiting} />}
        <section aria-labelledby="sessions">
          <h2 id="sessions">{w.sessions}</h2>
          <ul class="rows">
            {view.sessions.map((session) => (
              <SessionRow frame={frame} session={session} />
            ))}
          </ul>
          <p class="hint">
            {!others && `${w.onlyOne}${all.gap}`}
            {w.lifetime({ idle: all.duration(idle), absolute: all.duration(absolute) })}
          </p>
        </section>
        <SignIns frame={frame} signIns={view.signIns} />
        <section aria-labelledby="prepare">
          <h2 id="prepare">{all.prepare.section}</h2>
          <p>
            <a href={`${frame.basePath}${paths.prepare}`}>{all.prepare.link}</a>
          </p>
        </section>
        <section aria-labelledby="own">
          <h2 id="own">{own.data}</h2>
          <p>
            <a href={`${frame.basePath}${paths.address}`}>{own.change}</a>
          </p>
          <p>
            <a href={`${frame.basePath}${paths.ownData}`} download>
              {own.download}
            </a>
          </p>
          <p>
            <a href={`${frame.basePath}${paths.erase}`}>{own.erase}</a>
          </p>
        </section>
        <div class="actions">
          <Post frame={frame} to={paths.signOut}>
            <button type="submit">{w.signOut}</button>
          </Post>
          {others && (
            <Post frame={frame} to={paths.endOthers}>
              <button type="submit" class="plain">
                {w.endOthers}
              </button>
            </Post>
          )}
        </div>
      </>
    ),
  })
}

function SignIns({ frame, signIns }: { frame: Frame; signIns: AccountView['signIns'] }) {
  const w = words(frame)
  if (signIns.length === 0) return null
  return (
    <section aria-labelledby="sign-ins">
      <h2 id="sign-ins">{w.own.signIns}</h2>
      <ul class="rows">
        {signIns.map(({ at, device, network, proof }) => (
          <li>
            <div>
              <p>
                <Time frame={frame} at={at} /> <bdi>{w.device(device)}</bdi>
              </p>
              <p class="hint">
                {w.own.by[proof]({ ago: w.ago(at, frame.now) })} · <bdi dir="ltr">{network}</bdi>
              </p>
            </div>
          </li>
        ))}
      </ul>
      <p class="hint">{w.own.signInsLead}</p>
    </section>
  )
}

function SessionRow({ frame, session }: { frame: Frame; session: AccountView['sessions'][number] }) {
  const w = words(frame)
  return (
    <li>
      <div>
        <p>
          <bdi>{w.device(session.device)}</bdi> {session.current && <span class="tag">{w.account.current}</span>}
        </p>
        <p class="hint">
          {w.account.used({ since: w.ago(session.createdAt, frame.now), seen: w.ago(session.seenAt, frame.now) })} ·{' '}
          <bdi dir="ltr">{session.network}</bdi>
        </p>
      </div>
      {!session.current && (
        <Post frame={frame} to={paths.endSession}>
          <Hidden name="session" value={session.id} />
          <button type="submit" class="plain small">
            {w.account.end}
            <span class="unseen"> {w.account.endOf({ device: w.device(session.device) })}</span>
          </button>
        </Post>
      )}
    </li>
  )
}
