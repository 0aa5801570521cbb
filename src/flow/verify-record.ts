// The record held against its seals: each seal against the one before, and against the secret; each event against its print. Reads only.
import { purgeBefore } from '../core/keep.ts'
import type { Ms } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import { eventText, goneBefore, type Head, type Place, printsOf, type Seal } from '../core/seal.ts'
import { compareWindow, type EventDifference, type Present, type SealedWindow } from '../core/seal-difference.ts'
import { timeOf } from '../core/time-key.ts'
import { checkRecordMac, idsOf, type Keyring } from '../secret.ts'
import type { Sealing } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { digestOfSeal, printOf } from './seal.ts'

export interface VerifyRecord {
  readonly store: Pick<Store, 'findSealing' | 'readSeals' | 'readEventRows' | 'countEvents'>
  readonly tenant: string
  /** null: nobody gave the secret. Then whoever could write here could have made every seal that stands before no `head`. */
  readonly keys: Keyring | null
  readonly policy: Policy
  /** Seals whose windows ended before are left out. */
  readonly since: Ms
  /** Go on behind this one, which another run looked at last. */
  readonly after: Head | null
  /** A seal as it was told of elsewhere. */
  readonly head: Head | null
  /** Told after each few seals how many were looked at; false ends it there. */
  readonly onStep: (looked: number) => Promise<boolean>
  readonly onDifference: (difference: Difference) => void
  readonly onLate: (late: Late) => void
}

/** From one number up to another. */
export interface Range {
  readonly from: number
  readonly upTo: number
}

export type Difference =
  | (EventDifference & { readonly seal: number; readonly madeAt: Ms })
  | { readonly what: 'seal_changed'; readonly seal: number; readonly madeAt: Ms }
  | { readonly what: 'seals_missing'; readonly seal: number; readonly upTo: number }
  /** What was told of it elsewhere says otherwise. */
  | { readonly what: 'seal_replaced'; readonly seal: number }
  /** A seal that was told of elsewhere, and those behind the newest that is here. */
  | { readonly what: 'end_missing'; readonly seal: number; readonly newest: number }

/** An event that came into a window when its seal was made already. */
export interface Late {
  readonly seal: number
  readonly event: Present
}

export interface VerifiedRecord {
  readonly seals: number
  /** Stand there as they were sealed. */
  readonly events: number
  readonly differences: number
  readonly late: number
  /** Sealed once, and removed since as old. */
  readonly gone: number
  /** Not sealed yet; null: it was ended before. */
  readonly young: number | null
  /** When the first of them was written. */
  readonly waitingSince: Ms | null
  readonly now: Ms
  readonly newest: Head | null
  /** Seals that none of the keys made, and that nothing later vouches for: from one number up to another. */
  readonly unconfirmed: Range | null
  /** Seals that were made more than a day after their events: the first and the last of them. */
  readonly belated: Range | null
  /** `older`: the seal that `head` tells of was removed as old. */
  readonly head: 'none' | 'same' | 'older' | 'different'
  /** The last that was looked at; null: the end was reached. */
  readonly goOnAfter: Head | null
}

/** Seals in one look; each may have the prints of five hundred events. */
const STEP = 20
const ROWS = 1_000
const START: Place = { requestId: '', id: '' }

export async function verifyRecord(input: VerifyRecord): Promise<VerifiedRecord> {
  const { store, tenant, policy, onStep } = input
  const sealing = await store.findSealing(tenant)
  const { now, newest, waitingSince } = sealing
  let gone = goneOf(policy, sealing)
  const count = { seals: 0, events: 0, differences: 0, late: 0, gone: 0 }
  const tell = (difference: Difference): void => {
    count.differences++
    input.onDifference(difference)
  }
  const look = async (seal: Seal, from: Place): Promise<void> => {
    const present = await readPresent(input, seal, from)
    let compared = compareWindow(windowOf(seal, gone), present)
    if (compared.differences.some(({ what }) => what === 'events_missing')) {
      // It may have been removed as old since this began: who removes says so in the same transaction.
      gone = goneOf(policy, await store.findSealing(tenant))
      compared = compareWindow(windowOf(seal, gone), present)
    }
    count.events += compared.same
    count.gone += compared.gone
    count.late += compared.late.length
    for (const event of compared.late) input.onLate({ seal: seal.seq, event })
    for (const difference of compared.differences) tell({ ...difference, seal: seal.seq, madeAt: seal.madeAt })
  }

  const first = input.after?.seq ?? (await lastSealBefore(input, sealing))
  if (first === 0 && sealing.oldest > 1) await expectRemoved(input, sealing.oldest, gone, tell)
  const chain = openChain(input, first, tell)
  let belated = null as Range | null
  let goOnAfter: Head | null = null
  // With the last one that is left out: where the first window begins, and what it is chained to.
  for (let read = Math.max(0, first - 1), ended = false; !ended && goOnAfter === null; ) {
    const seals = await store.readSeals(tenant, read, STEP)
    for (const seal of seals) {
      const from = chain.add(seal)
      if (seal.seq > first) count.seals++
      if (seal.seq > first && isBelated(seal)) belated = { from: belated?.from ?? seal.seq, upTo: seal.seq }
      if (from !== null) await look(seal, from)
    }
    const last = seals.at(-1)
    read = last?.seq ?? read
    ended = seals.length < STEP
    if (!ended && last !== undefined && !(await onStep(count.seals))) goOnAfter = headOf(last)
  }
  const through = goOnAfter === null
  const head = through ? await compareHead(input, sealing, tell) : 'none'
  const young = through ? await store.countEvents(tenant, newest?.until ?? START) : null
  const unconfirmed = chain.unconfirmed()
  return { ...count, young, waitingSince, now, newest: newest && headOf(newest), unconfirmed, belated, head, goOnAfter }
}

/** Longer than a mail waits, and than most nights. */
const BELATED_MS = 86_400_000

function isBelated({ madeAt, from }: Seal): boolean {
  return madeAt - timeOf(from) > BELATED_MS
}

function goneOf(policy: Policy, { now, newest, removedBefore }: Sealing): string {
  return goneBefore(newest?.goneBefore ?? '', idsOf(removedBefore), idsOf(purgeBefore(policy, 'events', now)))
}

function windowOf(seal: Seal, gone: string): SealedWindow {
  return { from: seal.from, prints: printsOf(seal), madeAt: seal.madeAt, goneBefore: gone }
}

function headOf({ seq, digest }: Head): Head {
  return { seq, digest }
}

/** The number of the last seal whose window ended before; 0: none did. */
async function lastSealBefore({ store, tenant, since }: VerifyRecord, { oldest, newest }: Sealing): Promise<number> {
  const id = idsOf(since)
  let [none, all] = [oldest - 1, newest?.seq ?? 0]
  while (none < all) {
    const middle = Math.ceil((none + all) / 2)
    const [seal] = await store.readSeals(tenant, middle - 1, 1)
    if (seal !== undefined && seal.until.requestId <= id) none = middle
    else all = middle - 1
  }
  return none < oldest ? 0 : none
}

/** Seals go when all events of theirs are gone as old, and the last of those stays. */
async function expectRemoved(
  { store, tenant }: VerifyRecord,
  oldest: number,
  gone: string,
  tell: (difference: Difference) => void,
): Promise<void> {
  const [seal] = await store.readSeals(tenant, oldest - 1, 1)
  if (seal !== undefined && seal.until.requestId > gone) tell({ what: 'seals_missing', seal: 1, upTo: oldest - 1 })
}

interface Chain {
  /** Where the seal's window begins; null: what is in it cannot be looked at, or need not be. */
  add(seal: Seal): Place | null
  unconfirmed(): Range | null
}

/** `anchor`: nothing is known of what it is chained to. */
type Verdict = 'sound' | 'anchor' | 'changed'

/** Each seal against the one before. Behind one that is wrong it goes on, so that how far it reaches is told too. */
function openChain({ keys, head, after }: VerifyRecord, first: number, tell: (difference: Difference) => void): Chain {
  let before: { readonly seal: Seal; readonly verdict: Verdict } | null = null
  /** Since which seal nothing vouches for what is chained together; and what nothing can vouch for any more. */
  let open: Range | null = null
  let left: Range | null = null

  const judge = (seal: Seal): Verdict => {
    const mac = keys === null ? 'key_gone' : checkRecordMac(keys, seal.digest, seal.mac)
    if (mac === 'wrong') return 'changed'
    const verdict = follows(seal, mac === 'good')
    if (verdict === 'changed') return verdict
    // Whoever made this one knew the digest of the one before, and so all that came before.
    const vouched = mac === 'good' || (head?.seq === seal.seq && head.digest === seal.digest)
    open = vouched ? null : { from: open?.from ?? seal.seq, upTo: seal.seq }
    return verdict
  }

  const follows = (seal: Seal, known: boolean): Verdict => {
    if (before === null && seal.seq > 1) return after?.seq === seal.seq && after.digest !== seal.digest ? 'changed' : 'anchor'
    if (digestOfSeal(before?.seal.digest ?? '', seal) === seal.digest) return 'sound'
    // Behind one that was changed: what it was chained to is lost, who made it is not.
    return before?.verdict === 'changed' && known ? 'anchor' : 'changed'
  }

  const breakOff = (): void => {
    left = open === null ? left : { from: (left ?? open).from, upTo: open.upTo }
    open = null
  }

  return {
    add: (seal) => {
      const expected = before === null ? first : before.seal.seq + 1
      if (expected > 0 && seal.seq !== expected) {
        tell({ what: 'seals_missing', seal: expected, upTo: seal.seq - 1 })
        breakOff()
        before = null
      }
      const verdict = judge(seal)
      if (verdict === 'changed') {
        tell({ what: 'seal_changed', seal: seal.seq, madeAt: seal.madeAt })
        breakOff()
      }
      // What a changed one says of its end is not believed.
      const from = before === null ? START : before.verdict === 'changed' ? null : before.seal.until
      before = { seal, verdict }
      return verdict === 'sound' ? from : null
    },
    unconfirmed: () => {
      const ranges = [left, open].filter((range) => range !== null)
      return ranges.length === 0
        ? null
        : { from: Math.min(...ranges.map(({ from }) => from)), upTo: Math.max(...ranges.map(({ upTo }) => upTo)) }
    },
  }
}

async function readPresent({ store, tenant }: VerifyRecord, seal: Seal, from: Place): Promise<readonly Present[]> {
  const present: Present[] = []
  for (let after = from, more = true; more; ) {
    const rows = await store.readEventRows(tenant, after, seal.until, ROWS)
    for (const row of rows) {
      const { requestId, id, at, kind, reason } = row
      present.push({ requestId, id, at, kind, reason, print: printOf(eventText(row)) })
    }
    after = present.at(-1) ?? after
    more = rows.length === ROWS
  }
  return present
}

async function compareHead(
  { store, tenant, head }: VerifyRecord,
  { oldest, newest }: Sealing,
  tell: (difference: Difference) => void,
): Promise<VerifiedRecord['head']> {
  if (head === null) return 'none'
  if (head.seq > (newest?.seq ?? 0)) {
    tell({ what: 'end_missing', seal: head.seq, newest: newest?.seq ?? 0 })
    return 'different'
  }
  if (head.seq < oldest) return 'older'
  const [seal] = await store.readSeals(tenant, head.seq - 1, 1)
  if (seal?.seq === head.seq && seal.digest === head.digest) return 'same'
  // Where it is missing, that is told already.
  if (seal?.seq === head.seq) tell({ what: 'seal_replaced', seal: head.seq })
  return 'different'
}
