// The door "postkey/client/react": the steps of a sign-in form as a hook. The application draws them.
import { useMemo, useSyncExternalStore } from 'react'
import { type Client, createClient } from './client.ts'
import { createFlow, type Flow, type FlowActs, type FlowState, looking } from './flow.ts'

export type { FlowActs, FlowState } from './flow.ts'

/** What the form shows (told apart by `step`), and what the person can do in it. */
export type Postkey = FlowState & FlowActs

const flows = new WeakMap<Client, Flow>()
let shared: Client | undefined

/**
 * All components that give the same client show the same sign-in. Without one: a client of Postkey at the root of this origin. On a server
 * the step is "looking".
 */
export function usePostkey(client: Client = sharedClient()): Postkey {
  const flow = flowOf(client)
  const state = useSyncExternalStore(flow.subscribe, flow.state, () => looking)
  return useMemo(() => ({ ...state, ...flow.acts }), [state, flow])
}

function sharedClient(): Client {
  shared ??= createClient()
  return shared
}

function flowOf(client: Client): Flow {
  const flow = flows.get(client) ?? createFlow(client)
  flows.set(client, flow)
  return flow
}
