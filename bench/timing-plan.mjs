// What the timing test compares, and the addresses it asks for.
import { createHash } from 'node:crypto'

/**
 * `one`, where nothing else is said, is a person who has signed in before, and is mailed to. `other`: the kind of address that must not be told
 * from it. `reason`: what the server has to have decided, so that no case measures something else than it says. A server has a second tenant
 * in the last case only, which counts what a mailbox gets from both.
 */
export const cases = {
  // The one mail server that waits before its greeting, as many do, so that each new connection takes 100 ms.
  invited: { signUp: 'invited', smtp: 'accept', other: 'unknown', reason: 'address_unknown' },
  open: { signUp: 'open', smtp: 'prompt', other: 'unknown', reason: 'mail_queued' },
  closed: { signUp: 'closed', smtp: 'prompt', other: 'unknown', reason: 'sign_up_closed' },
  disabled: { signUp: 'invited', smtp: 'prompt', other: 'disabled', reason: 'user_disabled' },
  throttled: { signUp: 'invited', smtp: 'prompt', other: 'throttled', reason: 'too_many_mails' },
  suppressed: { signUp: 'invited', smtp: 'prompt', other: 'suppressed', reason: 'address_suppressed' },
  'invited-down': { signUp: 'invited', smtp: 'down', other: 'unknown', reason: 'address_unknown' },
  'disabled-down': { signUp: 'invited', smtp: 'down', other: 'disabled', reason: 'user_disabled' },
  'throttled-down': { signUp: 'invited', smtp: 'down', other: 'throttled', reason: 'too_many_mails' },
  elsewhere: { signUp: 'invited', smtp: 'prompt', one: 'elsewhere', other: 'unknown', reason: 'address_unknown' },
}

/** The tenant at which the people of the last case are known. */
export const ELSEWHERE = 'elsewhere'

export const titles = {
  elsewhere: 'at another tenant',
  unknown: 'unknown',
  disabled: 'disabled',
  throttled: 'full of mails',
  suppressed: 'suppressed',
}

/**
 * Nothing differs but a delay that the bench puts into the server: before the answer of the one, or after it. `required`: a run that
 * does not find it, or finds what is not there, proves nothing.
 */
export const controls = [
  { name: 'nothing', before: 0, after: 0, required: { ask: 'not outside', live: 'not outside', third: 'not outside' } },
  { name: '50 µs before the answer', before: 50, after: 0, required: {} },
  { name: '200 µs before the answer', before: 200, after: 0, required: { ask: 'outside' } },
  { name: '1 ms before the answer', before: 1_000, after: 0, required: { ask: 'outside' } },
  { name: '200 µs after the answer', before: 0, after: 200, required: { live: 'outside' } },
]
export const controlCase = { signUp: 'invited', smtp: 'prompt', other: 'alike', reason: 'mail_queued' }

/** What is measured of each ask: its own answer, and what an attacker could send right behind it. */
export const probes = {
  ask: 'the ask itself',
  live: '`GET /livez` right after',
  third: "somebody else's ask after that",
}

/** All of one length, and scattered over an index: nothing about an address says of which kind it is. */
export function addressOf(seed, kind, number) {
  return `${createHash('sha256').update(`${seed} ${kind} ${number}`).digest('hex').slice(0, 14)}@example.com`
}
