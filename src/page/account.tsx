// The signed-in person's own page: where they are signed in, and how to end that.
import { paths } from '../core/paths.ts'
import { Hidden, Post } from './fields.tsx'
import { Address, fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import type { AccountView, Frame } from './view.ts'

export function accountPage(frame: Frame, view: AccountView): string {
  const w = words(frame).account
  const { own } = words(frame)
  const others = view.sessions.some((session) => !session.current)
  return layout(frame, {
    title: w.title,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{fill(w.signedInAs, { address: <Address>{view.email}</Address> })}</p>
        <p class="notice" role="status">
          {view.notice === undefined
            ? ''
            : { session_ended: w.sessionEnded, others_ended: w.othersEnded, address_changed: own.addressChanged }[view.notice]}
        </p>
        <section aria-labelledby="sessions">
          <h2 id="sessions">{w.sessions}</h2>
          <ul class="rows">
            {view.sessions.map((session) => (
              <SessionRow frame={frame} session={session} />
            ))}
          </ul>
          <p class="hint">
            {!others && `${w.onlyOne} `}
            {w.lifetime(frame.policy)}
          </p>
        </section>
        <SignIns frame={frame} signIns={view.signIns} />
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
                <Time frame={frame} at={at} /> <bdi>{device}</bdi>
              </p>
              <p class="hint">
                {w.ago(at, frame.now)}, {w.own.proof[proof]} · <bdi dir="ltr">{network}</bdi>
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
          <bdi>{session.device}</bdi> {session.current && <span class="tag">{w.account.current}</span>}
        </p>
        <p class="hint">
          {w.account.since(w.ago(session.createdAt, frame.now))}, {w.account.seen(w.ago(session.seenAt, frame.now))} ·{' '}
          <bdi dir="ltr">{session.network}</bdi>
        </p>
      </div>
      {!session.current && (
        <Post frame={frame} to={paths.endSession}>
          <Hidden name="session" value={session.id} />
          <button type="submit" class="plain small">
            {w.account.end}
            <span class="unseen"> {w.account.endOf(session.device)}</span>
          </button>
        </Post>
      )}
    </li>
  )
}
