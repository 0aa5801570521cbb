// Many rows out of a few real ones: what somebody left in a database, copied with a number behind all that names it.
import type { Operations } from '../src/store/operation.ts'
import { nothing, run } from '../src/store/operation.ts'

const columns = {
  users:
    'tenant, id || i, i || email, status, created_at, confirmed_at, sign_in_count, current_sign_in_at, current_sign_in_place, last_sign_in_at, last_sign_in_place, browsers, external_id || i, backup_email, backup_proved_at, backup_challenge, recovering_until, awake_at',
  challenges:
    'tenant, id || i, purpose, i || email, browser, return_to, locale, device, created_at, completed_at, network, change_id || i, disowned_at, about || i',
  mails:
    'tenant, challenge || i, ordinal, request_id || i, created_at, link_digest, code_digest, link_expires_at, code_expires_at, link_used_at, code_tries, address_tries, decoy, state, sealed, tries, due_at, settled_at, bounced_at, not_me_tries',
  sessions:
    'tenant, id || i, substr(digest, 1, 33) || (1000000000 + i), user_id || i, challenge || i, proof, device, network, created_at, seen_at, ended_at, proved_at',
  events:
    'tenant, id || i, at, request_id || i, challenge || i, user_id || i, session_id || i, kind, reason, facts, decision, versions, cost',
  views: 'tenant, challenge || i, at, id, ordinal, facts',
  dispatches: 'tenant, id || i, endpoint, type, body, created_at, state, tries, due_at, settled_at',
  attempts: 'tenant, dispatch || i, endpoint, id, at, took_ms, status, reply',
  address_changes:
    'tenant, id || i, user_id || i, old_email, new_email, created_at, both_agree, new_proved_at, old_proved_at, leave_challenge, undo_challenge, undo_until, applied_at, ended_at, undone_at, recovery',
  recoveries:
    'tenant, id || i, user_id || i, way, started_by, operator, email, new_email, new_proved_at, created_at, ready_at, ready_challenge || i, token_digest, opened_at, open_until, applied_at, ended_at, ended_why',
  recovery_codes: 'tenant, user_id || i, digest, created_at, used_at',
  recovery_approvals: 'tenant, recovery || i, operator, at',
  limits: "tenant, 'copy:' || i || name, state",
} as const

/** Ids of ours have sixteen characters, those of sessions six more; copies have a number behind. */
const originals = {
  users: "substr(id, 17) = ''",
  challenges: "substr(id, 17) = ''",
  mails: "substr(challenge, 17) = ''",
  sessions: "substr(id, 23) = ''",
  events: "substr(id, 17) = ''",
  views: "substr(challenge, 17) = ''",
  dispatches: "substr(id, 19) = ''",
  attempts: "substr(dispatch, 19) = ''",
  address_changes: "substr(id, 17) = ''",
  recoveries: "substr(id, 17) = ''",
  recovery_codes: "substr(user_id, 17) = ''",
  recovery_approvals: "substr(recovery, 17) = ''",
  limits: "substr(name, 1, 5) <> 'copy:'",
} as const

export async function copyRows(engine: Operations, copies: number): Promise<void> {
  for (const table of Object.keys(columns) as (keyof typeof columns)[]) {
    const rows = `select ${columns[table]} from ${table} cross join (with recursive numbers(i) as (select cast(? as {int}) union all select i + 1 from numbers where i < ?) select i from numbers) numbers where ${originals[table]}`
    // In pieces that PostgreSQL does not cut off.
    for (let from = 1; from <= copies; from += 1_000)
      await engine.write({ locks: nothing, run: () => run(`insert into ${table} ${rows}`, from, Math.min(copies, from + 999)) })
  }
}
