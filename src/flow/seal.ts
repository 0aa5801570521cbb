// The record is sealed in the background, by every process that serves: once a minute what is closed, a window at a time. Nobody has a
// turn: whoever reads first appends, and the others find that the number is taken. Killed anywhere, the next round goes on.
import { restAfter } from '../core/keep.ts'
import type { Ms } from '../core/model.ts'
import { eventText, type Head, nextWindow, PRINT_LENGTH, type Seal, type Sealed, sealText, type Window } from '../core/seal.ts'
import { iso } from '../core/span.ts'
import { timeOf } from '../core/time-key.ts'
import { digest, idsOf, type Keyring, recordMac } from '../secret.ts'
import type { ToSeal } from '../store/record-store.ts'
import type { Context } from './context.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { sharesOf } from './shares.ts'
import type { Known, Tenants } from './tenants.ts'

type SealContext = Pick<Context, 'store' | 'tenant' | 'policy' | 'keys' | 'log'>

const LOOK_AGAIN_MS = 60_000

/** A record is open for a quarter of an hour anyway; of very many it may be twice that. */
const SHARING = { least: 100, rounds: 15 }
const BETWEEN_TENANTS_MS = 5

/** @param tenants of all of them, that of the context first; null: of that alone. */
export function startSealing(context: SealContext, lookAgainMs: Ms = LOOK_AGAIN_MS, tenants: Pick<Tenants, 'known'> | null = null): Rounds {
  const heads = new Map<string, Head | null>()
  const own: Known = { tenant: context.tenant, removed: false, rules: () => context }
  const turns = sharesOf(() => (tenants?.known() ?? [own]).filter(({ removed }) => !removed), SHARING)
  return startRounds(lookAgainMs, async (rest) => {
    // To read holds up the one thread of SQLite as a batch that writes does.
    const restOf = (tookMs: Ms): Promise<boolean> => rest(restAfter(tookMs, true))
    for (const one of turns()) {
      const { tenant } = one
      if (tenant !== context.tenant && !(await rest(BETWEEN_TENANTS_MS))) return
      try {
        const its = { ...context, ...one.rules() }
        await sealClosed(its, restOf)
        // In this order: what goes in between is missed by none of them.
        const { newest } = await context.store.findSealing(tenant)
        await lookFor(its, heads.get(tenant) ?? null)
        heads.set(tenant, newest)
      } catch (error) {
        context.log.error('sealing_failed', error, { tenant })
      }
    }
  })
}

/**
 * Whoever removes seals has what he changed sealed anew, by us, and nothing in the database shows it. But this process was there before, and
 * its log is elsewhere already.
 */
async function lookFor({ store, tenant, log }: SealContext, known: Head | null): Promise<void> {
  if (known === null) return
  const [seal] = await store.readSeals(tenant, known.seq - 1, 1)
  if (seal?.seq !== known.seq || seal.digest !== known.digest) log.warn('seals_cut_off', { seq: known.seq, head: known.digest })
}

/** Everything that is closed. `rest` is awaited after each seal, and answers whether to go on. */
export async function sealClosed(context: SealContext, rest: (tookMs: Ms) => Promise<boolean>): Promise<void> {
  const { store, tenant, policy, keys, log } = context
  let newest: Seal | null = null
  let count = 0
  try {
    for (let goOn = true; goOn; ) {
      const began = performance.now()
      const found = await store.readToSeal({ tenant, policy, idsOf })
      const window = nextWindow(found.rows, found.closed)
      if (window === null) return
      const seal = sealOf(keys, tenant, found, window)
      // Another process seals too: it is left to it until the next round.
      if (!(await store.appendSeal(seal, found.dropBelow))) return
      newest = seal
      count += seal.events
      goOn = window.more && (await rest(performance.now() - began))
    }
  } finally {
    // What leaves this database with the log is what nobody can take back here.
    if (newest !== null)
      log.event('record_sealed', { seq: newest.seq, head: newest.digest, until: iso(timeOf(newest.until.requestId)), count })
  }
}

function sealOf(keys: Keyring, tenant: string, { now, newest, goneBefore }: ToSeal, { until, rows }: Window): Seal {
  const seq = (newest?.seq ?? 0) + 1
  const from = rows[0]?.requestId ?? ''
  const prints = rows.map((row) => printOf(eventText(row))).join('')
  const sealed: Sealed = { tenant, seq, from, until, events: rows.length, prints, goneBefore, madeAt: now }
  const own = digestOfSeal(newest?.digest ?? '', sealed)
  return { ...sealed, digest: own, mac: recordMac(keys, own) }
}

export function printOf(text: string): string {
  return digest('event', text).slice(0, PRINT_LENGTH)
}

/** @param before that of the seal before; '': it is the first. */
export function digestOfSeal(before: string, sealed: Sealed): string {
  return digest('record', sealText(before, sealed))
}
