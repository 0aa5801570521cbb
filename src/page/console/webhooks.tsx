// Where the host is told of what happens: the endpoints and how they are; of one of them the newest messages, what was answered to each try,
// and a button that sends a message once more.
import { HOOKS } from '../../core/dispatch.ts'
import { paths } from '../../core/paths.ts'
import { reasons } from '../../core/reason.ts'
import { Hidden, Post } from '../fields.tsx'
import { fill, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { deskPage, When } from './desk.tsx'
import type { Desk, EndpointPageView, SeenEndpoint, WebhooksView } from './view.ts'

export function webhooksPage(frame: Frame, desk: Desk, { endpoints }: WebhooksView): string {
  const w = words(frame).console.webhooks
  return deskPage(frame, desk, {
    title: w.heading,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{w.lead}</p>
        {endpoints.length === 0 ? (
          <p class="hint">{w.none}</p>
        ) : (
          <ul class="rows">
            {endpoints.map((endpoint) => (
              <li>
                <div>
                  <p>
                    <a href={`${frame.basePath}${endpointPath(endpoint.id)}`}>{nameOf(frame, endpoint)}</a>{' '}
                    <State frame={frame} endpoint={endpoint} />
                  </p>
                  <p class="hint">{endpoint.types.length === 0 ? w.allTypes : endpoint.types.join(' · ')}</p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </>
    ),
  })
}

export function endpointPath(id: string): string {
  return `${paths.consoleWebhooks}/${encodeURIComponent(id)}`
}

/** Without what stands behind the host: it may be a secret of the host's. */
function nameOf(frame: Frame, { id, host }: SeenEndpoint): string {
  return id === HOOKS ? words(frame).console.webhooks.hooks : host
}

function State({ frame, endpoint: { state, failingSince } }: { frame: Frame; endpoint: SeenEndpoint }) {
  const w = words(frame).console.webhooks
  return (
    <>
      <span class={state === 'enabled' ? 'tag' : 'tag stop'}>{w.states[state]}</span>
      {failingSince !== null && (
        <>
          {' '}
          <span class="tag stop">{fill(w.failing, { when: <When frame={frame} at={failingSince} /> })}</span>
        </>
      )}
    </>
  )
}

export function endpointPage(frame: Frame, desk: Desk, view: EndpointPageView): string {
  const w = words(frame).console.webhooks
  const { endpoint, dispatches, said } = view
  const name = nameOf(frame, endpoint)
  return deskPage(frame, desk, {
    title: name,
    url: said === undefined ? undefined : `${frame.basePath}${endpointPath(endpoint.id)}`,
    children: (
      <>
        <h1>{name}</h1>
        <p class="notice" role="status">
          {said === undefined ? '' : reasons[said].meaning}
        </p>
        <p>
          <State frame={frame} endpoint={endpoint} /> <code>{endpoint.id}</code>
        </p>
        <section aria-labelledby="messages">
          <h2 id="messages">{w.messages}</h2>
          {dispatches.length === 0 && <p class="hint">{w.messagesNone}</p>}
          <ul class="rows">
            {dispatches.map((dispatch) => (
              <li>
                <div>
                  <p>
                    {dispatch.type} <span class={dispatch.state === 'failed' ? 'tag stop' : 'tag'}>{w.dispatch[dispatch.state]}</span>
                  </p>
                  <p class="hint">
                    <When frame={frame} at={dispatch.createdAt} /> · <code>{dispatch.messageId}</code>
                    {dispatch.state === 'queued' && <> · {fill(w.next, { when: <When frame={frame} at={dispatch.dueAt} /> })}</>}
                  </p>
                  {dispatch.attempts.map(({ at, status, reply, tookMs }) => (
                    <p class="hint">
                      <When frame={frame} at={at} />: {status ?? w.noAnswer}, {w.took(tookMs)}
                      {reply !== '' && (
                        <>
                          {' '}
                          <code>{reply}</code>
                        </>
                      )}
                    </p>
                  ))}
                </div>
                <Post frame={frame} to={endpointPath(endpoint.id)}>
                  <Hidden name="dispatch" value={dispatch.id} />
                  <button type="submit" class="plain small">
                    {w.again}
                    <span class="unseen"> ({dispatch.messageId})</span>
                  </button>
                </Post>
              </li>
            ))}
          </ul>
        </section>
      </>
    ),
  })
}
