// Users from elsewhere: what one row says, and what becomes of it. Nothing that another system says of a mailbox is believed here: a mark that
// the address is confirmed is not even read, since whoever made the account there need not be who reads the mail. The first proof confirms.
import { type AddressFault, readAddress } from './address.ts'
import { readExternalId } from './external-id.ts'
import type { Ms, User } from './model.ts'
import { isErased } from './operator.ts'

/**
 * What a row may say. `disabled` is yes or no, `disabled_until` a time that makes it end; a row with `deleted_at` is passed over. `id` is one of
 * ours, for users that come from another Postkey; ids of other systems are external.
 */
export const importFields = ['email', 'id', 'external_id', 'created_at', 'status', 'disabled', 'disabled_until', 'deleted_at'] as const
export type ImportField = (typeof importFields)[number]

export type Fields = Readonly<Partial<Record<ImportField, string>>>

export interface ImportRow {
  readonly email: string
  readonly id: string | null
  readonly externalId: string | null
  readonly status: User['status']
  /** null: now. */
  readonly createdAt: Ms | null
}

/** Why a row is left out. */
export type RowFault =
  | AddressFault
  | 'erased'
  | 'id'
  | 'external_id'
  | 'created_at'
  | 'future'
  | 'status'
  | 'disabled'
  | 'disabled_until'
  | 'malformed'
  | Refusal

/** Why a row cannot stand beside what is there. */
export type Refusal = 'same_address' | 'id_differs' | 'id_taken' | 'external_id_differs' | 'external_id_taken'

export const rowFaults: Readonly<Record<RowFault, string>> = {
  empty: 'there is no address',
  too_long: 'the address is too long',
  characters: 'the address has a character that no address has',
  at: 'an address has one "@"',
  local: 'the part before the "@" is none that can sign in',
  domain: 'the domain of the address is none',
  erased: 'the address is one that stands for somebody who was erased',
  id: 'the id is none of Postkey: put the id of another system into external_id',
  external_id: 'the external id cannot be kept: up to 200 letters, digits and . _ | : @ / + = ~ -',
  created_at: 'created_at is no time: write it like 2026-11-01T09:30:00Z, or as seconds or milliseconds since 1970',
  future: 'created_at is in the future',
  status: 'the status is neither active nor disabled',
  disabled: 'what says whether it is disabled is neither yes nor no',
  disabled_until: 'what says until when it is disabled is no time',
  malformed: 'the row cannot be read',
  same_address: 'an earlier row has the same address',
  id_differs: 'the address is there, with another id',
  id_taken: 'another user has this id',
  external_id_differs: 'the address is there, with another external id',
  external_id_taken: 'another user has this external id',
}

export type ReadRow =
  | { readonly ok: true; readonly row: ImportRow }
  | { readonly ok: false; readonly fault: RowFault }
  /** It was deleted there. */
  | { readonly ok: false; readonly fault: null }

const ID = /^[0-9A-Za-z]{16}$/
/** Clocks of two systems need not agree to the minute. */
const DAY: Ms = 86_400_000

export function readRow(fields: Fields, now: Ms): ReadRow {
  const text = (field: ImportField): string => fields[field]?.trim() ?? ''
  if (said(text('deleted_at'))) return { ok: false, fault: null }
  const read = readAddress(text('email'))
  if (!read.ok) return { ok: false, fault: read.why }
  const { email } = read.address
  if (isErased(email)) return { ok: false, fault: 'erased' }
  const id = text('id')
  if (id !== '' && !ID.test(id)) return { ok: false, fault: 'id' }
  const external = text('external_id')
  if (external !== '' && readExternalId(external) === null) return { ok: false, fault: 'external_id' }
  const createdAt = said(text('created_at')) ? readTime(text('created_at')) : null
  if (said(text('created_at')) && createdAt === null) return { ok: false, fault: 'created_at' }
  if (createdAt !== null && createdAt > now + DAY) return { ok: false, fault: 'future' }
  const status = statusOf(text('status'), text('disabled'), text('disabled_until'), now)
  if (status !== 'active' && status !== 'disabled') return { ok: false, fault: status.fault }
  return { ok: true, row: { email, id: id || null, externalId: external || null, status, createdAt } }
}

/** What databases write where there is nothing. */
const said = (text: string): boolean => text !== '' && !/^(null|nil|\\N)$/i.test(text)

const YES = /^(true|t|yes|y|1)$/i
const NO = /^(false|f|no|n|0)$/i

function statusOf(status: string, disabled: string, until: string, now: Ms): User['status'] | { readonly fault: RowFault } {
  if (said(status) && status !== 'active' && status !== 'disabled') return { fault: 'status' }
  if (said(disabled) && !YES.test(disabled) && !NO.test(disabled)) return { fault: 'disabled' }
  // As PostgreSQL writes "for ever".
  const end = !said(until) ? null : until === 'infinity' ? Number.POSITIVE_INFINITY : readTime(until)
  if (said(until) && end === null) return { fault: 'disabled_until' }
  if (status === 'disabled') return 'disabled'
  // A ban that has run out is none, whatever its mark says.
  if (end !== null) return end > now && !NO.test(disabled) ? 'disabled' : 'active'
  return YES.test(disabled) ? 'disabled' : 'active'
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i

/** ISO 8601 and what databases make of it; without a zone, UTC. Or a number: seconds since 1970, or milliseconds from 100,000,000,000 on. */
export function readTime(text: string): Ms | null {
  if (/^\d{1,16}(\.\d+)?$/.test(text)) {
    const number = Number(text)
    return Math.floor(number < 1e11 ? number * 1_000 : number)
  }
  const [whole, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = TIME.exec(text) ?? []
  if (whole === undefined) return null
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  // The 31st of February is in March; so is nobody's account.
  const again = new Date(at)
  const kept = again.getUTCMonth() + 1 === Number(month) && again.getUTCDate() === Number(day) && again.getUTCHours() === Number(hour)
  if (!kept || again.getUTCMinutes() !== Number(minute)) return null
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  const offset = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  return at + Number(fraction.slice(0, 3).padEnd(3, '0')) - offset
}

export interface Known {
  readonly id: string
  readonly email: string
  readonly externalId: string | null
}

/** `linked`: the user was there, and has the external id now. `there`: nothing is to be done. */
export type RowOutcome = 'created' | 'linked' | 'there' | Exclude<Refusal, 'same_address'>

/** What is there already, and each row that was taken, as the next one finds it. */
export class Beside {
  readonly #byEmail = new Map<string, Known>()
  readonly #byExternalId = new Map<string, Known>()
  readonly #ids = new Set<string>()

  add(known: Known): void {
    this.#byEmail.set(known.email, known)
    this.#ids.add(known.id)
    if (known.externalId !== null) this.#byExternalId.set(known.externalId, known)
  }

  idOf(email: string): string | null {
    return this.#byEmail.get(email)?.id ?? null
  }

  /** `newId`: of the user that is made of it. Nothing that is there is changed, but for an external id where there is none. */
  take({ email, id, externalId }: ImportRow, newId: string): RowOutcome {
    const there = this.#byEmail.get(email)
    const taken = externalId !== null && this.#byExternalId.has(externalId)
    if (there === undefined) {
      if (id !== null && this.#ids.has(id)) return 'id_taken'
      if (taken) return 'external_id_taken'
      this.add({ id: id ?? newId, email, externalId })
      return 'created'
    }
    if (id !== null && id !== there.id) return 'id_differs'
    if (externalId === null || externalId === there.externalId) return 'there'
    if (there.externalId !== null) return 'external_id_differs'
    if (taken) return 'external_id_taken'
    this.add({ ...there, externalId })
    return 'linked'
  }
}

/** So many rows in one transaction where other writers need not wait for it. */
export const IMPORT_BATCH = 500

/** The rest after a batch: where there is one writer, as long as others waited, so that sign-ins have every other turn. */
export function restAfterImport(tookMs: number, othersWaited: boolean): Ms {
  return othersWaited ? Math.max(2, Math.ceil(tookMs)) : 0
}
