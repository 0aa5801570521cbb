// The outbox: what waits, what goes next, and what became of those that went.
import { fill, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { bounded, deskPage, Facts, When } from './desk.tsx'
import type { Desk, MailState, MailsView } from './view.ts'

export function mailsPage(frame: Frame, desk: Desk, view: MailsView): string {
  const w = words(frame).console.mails
  const { queue, next, recent } = view
  return deskPage(frame, desk, {
    title: w.heading,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{w.lead}</p>
        <Facts
          facts={[
            { name: w.waiting, value: bounded(frame, queue.queued, queue.countedMax) },
            { name: w.due, value: bounded(frame, queue.due, queue.countedMax) },
            queue.oldest === null ? null : { name: w.oldest, value: <When frame={frame} at={queue.oldest} /> },
            {
              name: w.server,
              value:
                queue.unusableSince === null
                  ? w.serverUsable
                  : fill(w.serverUnusable, { time: <When frame={frame} at={queue.unusableSince} /> }),
            },
          ]}
        />
        <section aria-labelledby="next">
          <h2 id="next">{w.next}</h2>
          {next.length === 0 ? <p class="hint">{w.nextNone}</p> : <Next frame={frame} next={next} />}
        </section>
        <section aria-labelledby="recent">
          <h2 id="recent">{w.recent}</h2>
          {recent.since === null ? (
            <p class="hint">{w.recentNone}</p>
          ) : (
            <Recent frame={frame} since={recent.since} states={recent.states} />
          )}
        </section>
      </>
    ),
  })
}

function Next({ frame, next }: { frame: Frame; next: MailsView['next'] }) {
  const w = words(frame).console.mails
  return (
    <ul class="rows">
      {next.map((mail) => (
        <li>
          <div>
            <p>
              <code>{mail.challenge}</code> {words(frame).console.person.mail(mail.ordinal + 1)}
            </p>
            <p class="hint">
              {fill(w.dueAt, { when: <When frame={frame} at={mail.dueAt} /> })} · {w.nextRow(mail.tries)} ·{' '}
              {fill(w.askedAt, { when: <When frame={frame} at={mail.createdAt} /> })}
            </p>
          </div>
        </li>
      ))}
    </ul>
  )
}

function Recent({ frame, since, states }: { frame: Frame; since: number; states: MailsView['recent']['states'] }) {
  const w = words(frame).console.mails
  const all = Object.entries(states) as [MailState, number][]
  const sum = all.reduce((total, [, n]) => total + n, 0)
  return (
    <table>
      <caption>{fill(w.recentLead(sum), { when: <When frame={frame} at={since} /> })}</caption>
      <thead>
        <tr>
          <th scope="col">{w.state}</th>
          <th scope="col" class="number">
            {w.number}
          </th>
        </tr>
      </thead>
      <tbody>
        {all.map(([state, n]) => (
          <tr>
            <th scope="row">{w.states[state]}</th>
            <td class="number">{words(frame).console.number(n)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
