// What is measured against what, in this order in every round. A floor has one proof, so it stands beside both of Postkey's;
// Auth.js has no codes.
import { floors, peers, postkey } from './servers.mjs'

const everybody = ['floor', 'postkey', 'betterAuth', 'authJs']

/** `share`: how much of the seconds of a measurement it takes. */
export const plans = {
  sqlite: [
    { scenario: 'code', connections: 64, servers: ['floor', 'postkey', 'alone', 'betterAuth'], share: 1 },
    { scenario: 'link', connections: 64, servers: ['postkey', 'betterAuth', 'authJs'], share: 1 },
    { scenario: 'start', connections: 64, servers: everybody, share: 0.5 },
    { scenario: 'session', connections: 64, servers: everybody, share: 0.5 },
    { scenario: 'code', connections: 8, servers: ['floor', 'postkey', 'alone'], share: 0.4 },
    { scenario: 'code', connections: 1, servers: ['floor', 'postkey', 'alone'], share: 0.4 },
  ],
  postgres: [
    { scenario: 'code', connections: 64, servers: ['floor', 'postkey', 'betterAuth'], share: 1 },
    { scenario: 'link', connections: 64, servers: ['postkey', 'betterAuth', 'authJs'], share: 1 },
    { scenario: 'start', connections: 64, servers: everybody, share: 0.5 },
    { scenario: 'session', connections: 64, servers: everybody, share: 0.5 },
  ],
}

/** The plan of one engine, and the servers that it needs. */
export function planFor(engine, { dist, withPeers, connectionsMax }) {
  const known = { ...floors, postkey: postkey(dist), ...(withPeers ? peers : {}) }
  const steps = plans[engine].map((step) => ({
    ...step,
    engine,
    connections: Math.min(step.connections, connectionsMax),
    servers: step.servers.filter((name) => name in known),
  }))
  const used = new Set(steps.flatMap((step) => step.servers))
  return { steps, servers: Object.fromEntries(Object.entries(known).filter(([name]) => used.has(name))) }
}

/** What a server is warmed up with: all that it will be measured by, for equal times; on a quarter of the connections, since code
    that V8 has not compiled yet takes seconds for a round of 64. */
export function warmUps(name, { warmSeconds }, steps, factor) {
  const full = Math.max(...steps.map(({ connections }) => connections))
  const mine = steps.filter(({ servers, connections }) => connections === full && servers.includes(name))
  return mine.map(({ scenario }) => ({ scenario, connections: full / 4, seconds: (warmSeconds * factor) / mine.length }))
}
