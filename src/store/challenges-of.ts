// The challenges of one address. Their index begins with the four hours an id is of (docs/decisions/016), so the address is asked for in each
// four hours from the oldest challenge there is to the newest.
import { all, type Operation, one } from './operation.ts'

/** Newest first. */
export function* challengesOf(tenant: string, email: string, limit: number): Operation<readonly string[]> {
  const ends = yield* one<{ oldest: string | null; newest: string | null }>(
    "select (select id from challenges where tenant = ? and id > '' order by id limit 1) as oldest, (select id from challenges where tenant = ? and id < '~' order by id desc limit 1) as newest",
    tenant,
    tenant,
  )
  if (ends?.oldest == null || ends.newest === null) return []
  const rows = yield* all<{ id: string }>(
    'select id from challenges where tenant = ? and substr(id, 1, 3) {is_listed} and email = ? order by id desc limit ?',
    tenant,
    JSON.stringify(slotsBetween(ends.oldest, ends.newest)),
    email,
    limit,
  )
  return rows.map(({ id }) => id)
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SLOT = 3
/** Thirty years: longer than anything is kept. */
const SLOTS_MAX = 65_536

/** Every beginning of an id from one to the other, both included, by counting in base 62. */
export function slotsBetween(oldest: string, newest: string): string[] {
  const last = numberOf(newest)
  const slots: string[] = []
  for (let slot = Math.max(numberOf(oldest), last - SLOTS_MAX); slot <= last; slot++) slots.push(textOf(slot))
  return slots
}

function numberOf(id: string): number {
  let number = 0
  for (const digit of id.slice(0, SLOT)) number = number * DIGITS.length + DIGITS.indexOf(digit)
  return number
}

function textOf(number: number): string {
  let text = ''
  for (let rest = number, digit = 0; digit < SLOT; digit++, rest = Math.floor(rest / DIGITS.length))
    text = DIGITS.charAt(rest % DIGITS.length) + text
  return text
}
