// What must be true of the rows, whatever was killed, full or wrong: each invariant with the statement that finds the rows which
// break it. Read by `postkey doctor --deep` and by every test that kills something. An invariant is one statement, so that it sees one
// moment while others write. I7, I10 and I13 are about answers; rows show of them only what stands here.
//
// Nothing here compares two times that a clock which was set back would put in the wrong order.
import type { DatedKind } from '../core/keep.ts'
import type { Ms } from '../core/model.ts'
import type { Value } from './operation.ts'

export interface Invariant {
  readonly name: string
  /** What of docs/threat-model.md it belongs to. */
  readonly of: string
  /** What holds of every row. */
  readonly claim: string
  /** Selects tenant and id of the rows of which it does not hold. */
  readonly offenders: string
  readonly params?: (at: Moment) => readonly Value[]
  readonly remedy: string
}

export interface Moment {
  readonly now: Ms
  /** How the ids begin that are minted at a time. */
  readonly idsOf: (at: Ms) => string
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A digest of ours, or a keyed one: what is shorter could be a code, and guessed. */
const DIGEST_LENGTH = 43

/** Looked at the code. A repeated proof of a spent challenge is compared too, and takes no try. */
const looked = `e.kind = 'verify' and e.facts{json} ->> 'code' in ('right', 'older', 'wrong') and e.facts{json} -> 'challenge' ->> 'completedAt' is null`
const asked = `e.kind in ('start', 'resend') and e.decision{json} ->> 'verdict' <> 'refuse'`

const looks = (counter: string): string =>
  `select e.tenant, e.challenge, cast(e.facts{json} -> 'mail' ->> 'ordinal' as {int}) as ordinal, count(*) as n from events e where ${counter} group by 1, 2, 3`

/** Of two mailboxes that agree to a change, only the second one gives anybody a session. */
const spent =
  "select c.tenant, c.id, (case when c.completed_at is null then 0 else 1 end) + count(m.link_used_at) as n from challenges c left join mails m on m.tenant = c.tenant and m.challenge = c.id where c.change_id is null and c.purpose not in ('recover_backup', 'confirm_backup') group by c.tenant, c.id, c.completed_at"
const given = 'select tenant, challenge, count(*) as n from sessions group by tenant, challenge'
/** Of a proof that was right and made a row of sessions. */
const good = `('signed_in', 'proof_renewed', 'address_changed')`
/** What a right code may have come to. */
const right = `('signed_in', 'proof_renewed', 'address_changed', 'change_confirmed', 'recovery_opened', 'recovered', 'backup_set', 'recovery_waiting')`
const provedAt = 'coalesce(s.proved_at, s.created_at)'
const signIns = `select e.tenant, e.session_id, count(*) as n, min(e.at) as at from events e where e.kind = 'verify' and e.reason in ${good} group by e.tenant, e.session_id`

/** Old rows are removed (purge.ts), events later than others or earlier: true where rows of a kind with such an id are all still here. */
const kept = (kind: DatedKind, tenant: string, id: string): string =>
  `${id} >= coalesce((select b.before from purges b where b.tenant = ${tenant} and b.kind = '${kind}'), '')`

const mailId = `m.challenge || '/' || m.ordinal`
const eventId = `e.request_id || '/' || e.id`

const BUG = 'this is a defect of Postkey, or rows were changed by hand: keep a copy of the database and report it'
const DOUBT = `${BUG}; until it is understood, \`postkey restored\` voids every link, code and session`

export const invariants: readonly Invariant[] = [
  {
    name: 'one-session-per-proof',
    of: 'I1',
    claim: 'a spent link or code made one session',
    offenders: `select c.tenant, c.id from (${spent}) c join (${given}) s on s.tenant = c.tenant and s.challenge = c.id where s.n > c.n`,
    remedy: DOUBT,
  },
  {
    name: 'one-session-per-token',
    of: 'I1',
    claim: 'no two sessions have the same token',
    offenders: 'select min(tenant) as tenant, min(id) as id from sessions group by digest having count(*) > 1',
    remedy: DOUBT,
  },
  {
    name: 'tries-are-written-down',
    of: 'I2',
    claim: 'a code was looked at as often as its mail says',
    offenders: `select m.tenant, ${mailId} as id from mails m left join (${looks(looked)}) l on l.tenant = m.tenant and l.challenge = m.challenge and l.ordinal = m.ordinal where m.code_tries <> coalesce(l.n, 0) and ${kept('events', 'm.tenant', 'm.challenge')}`,
    remedy: BUG,
  },
  {
    name: 'address-tries-are-written-down',
    of: 'I2',
    claim: 'a typed address was looked at as often as its mail says',
    offenders: `select m.tenant, ${mailId} as id from mails m left join (${looks(`e.kind in ('verify', 'account') and e.facts{json} ->> 'address' in ('right', 'wrong')`)}) l on l.tenant = m.tenant and l.challenge = m.challenge and l.ordinal = m.ordinal where m.address_tries <> coalesce(l.n, 0) and ${kept('events', 'm.tenant', 'm.challenge')}`,
    remedy: BUG,
  },
  {
    name: 'tries-are-bounded',
    of: 'I2',
    claim: 'no code was looked at more often than the policy of that moment allowed',
    offenders: `select e.tenant, ${eventId} as id from events e join policies p on p.tenant = e.tenant and p.version = e.versions{json} ->> 'policy' where ${looked} and cast(e.facts{json} -> 'mail' ->> 'codeTries' as {int}) >= cast(p.policy{json} ->> 'codeTries' as {int})`,
    remedy: DOUBT,
  },
  {
    name: 'failures-are-bounded',
    of: 'I2',
    claim: 'no address had more wrong codes in a window than the policy of that moment allowed',
    // Without those that their own flow took back when it ended in a sign-in, and those that an operator let count no more: which mailbox
    // that was, the challenge in the event tells.
    offenders: `with failures as materialized (select e.tenant, e.id, e.request_id, e.at, c.email, e.versions{json} ->> 'policy' as version from events e join challenges c on c.tenant = e.tenant and c.id = e.challenge left join (select tenant, challenge, max(coalesce(proved_at, created_at)) as at from sessions group by tenant, challenge) s on s.tenant = c.tenant and s.challenge = c.id where ${looked} and e.reason not in ${right} and (s.at is null or s.at < e.at) and ${kept('sessions', 'e.tenant', 'e.challenge')}), rules as materialized (select p.tenant, p.version, cast(w.value ->> 'per' as {int}) as per, cast(w.value ->> 'count' as {int}) as most from policies p cross join {each_of_code_failures}), lifts as materialized (select e.tenant, e.at, c.email from events e join challenges c on c.tenant = e.tenant and c.id = e.challenge where e.kind = 'console' and e.reason = 'operator_lifted_limit' and e.facts{json} ->> 'wants' = 'lift_failures') select e.tenant, ${eventId} as id from failures e join rules r on r.tenant = e.tenant and r.version = e.version join failures o on o.tenant = e.tenant and o.email = e.email where o.at <= e.at and o.at > e.at - r.per and not exists (select 1 from lifts l where l.tenant = e.tenant and l.email = e.email and l.at >= o.at and l.at <= e.at) group by e.tenant, e.request_id, e.id, r.per, r.most having count(*) > r.most`,
    remedy: DOUBT,
  },
  {
    name: 'session-in-time',
    of: 'I3',
    claim: 'a session began while a proof of its kind was good',
    offenders: `select s.tenant, s.id from sessions s where ${provedAt} > (select max(case s.proof when 'code' then m.code_expires_at else m.link_expires_at end) from mails m where m.tenant = s.tenant and m.challenge = s.challenge)`,
    remedy: DOUBT,
  },
  {
    name: 'session-of-its-address',
    of: 'I3',
    claim: 'a session belongs to the address its challenge was for',
    offenders:
      "select s.tenant, s.id from sessions s join challenges c on c.tenant = s.tenant and c.id = s.challenge join users u on u.tenant = s.tenant and u.id = s.user_id where (s.ended_at is null and u.email <> c.email and u.email not like '%@erased.invalid' and c.purpose <> 'leave_email') or c.purpose not in ('sign_in', 'invite', 'step_up', 'change_email', 'leave_email')",
    remedy: DOUBT,
  },
  {
    name: 'session-of-a-mail',
    of: 'I3',
    claim: 'a session came from a mail that was meant to be read',
    offenders: `select s.tenant, s.id from sessions s where not exists (select 1 from mails m where m.tenant = s.tenant and m.challenge = s.challenge and m.decoy = 0) and ${kept('challenges', 's.tenant', 's.challenge')}`,
    remedy: DOUBT,
  },
  {
    name: 'code-session-completes',
    of: 'I3',
    claim: 'a session by code ended its challenge',
    offenders:
      "select s.tenant, s.id from sessions s join challenges c on c.tenant = s.tenant and c.id = s.challenge where s.proof = 'code' and c.completed_at is null",
    remedy: DOUBT,
  },
  {
    name: 'decoy-opens-nothing',
    of: 'I3',
    claim: 'a mail for show holds no code that could be guessed',
    offenders: `select m.tenant, ${mailId} as id from mails m where m.decoy > 0 and m.code_digest <> m.link_digest`,
    remedy: BUG,
  },
  {
    name: 'session-has-its-rows',
    of: 'I3',
    claim: 'a session has its user and its challenge, in its tenant',
    offenders: `select s.tenant, s.id from sessions s left join users u on u.tenant = s.tenant and u.id = s.user_id left join challenges c on c.tenant = s.tenant and c.id = s.challenge where u.id is null or (c.id is null and ${kept('challenges', 's.tenant', 's.challenge')})`,
    remedy: BUG,
  },
  {
    name: 'nothing-spent-for-nothing',
    of: 'I4',
    claim: 'a spent link or code has its session',
    offenders: `select c.tenant, c.id from (${spent}) c left join (${given}) s on s.tenant = c.tenant and s.challenge = c.id where c.n > coalesce(s.n, 0) and ${kept('sessions', 'c.tenant', 'c.id')}`,
    remedy: `${BUG}; whoever was signed in by it has to ask for a new mail`,
  },
  {
    name: 'sign-ins-are-counted-once',
    of: 'I4',
    claim: 'a user signed in as often as sessions were made',
    // Of who was there before the oldest session that is kept, some are gone.
    offenders:
      "select u.tenant, u.id from users u left join (select tenant, user_id, count(*) as n from sessions where proved_at is null group by tenant, user_id) s on s.tenant = u.tenant and s.user_id = u.id where u.sign_in_count < coalesce(s.n, 0) or (u.sign_in_count > coalesce(s.n, 0) and u.created_at >= coalesce((select b.before_at from purges b where b.tenant = u.tenant and b.kind = 'sessions'), 0))",
    remedy: BUG,
  },
  {
    name: 'signed-in-is-confirmed',
    of: 'I4',
    claim: 'who signed in has a confirmed address',
    offenders:
      'select u.tenant, u.id from users u where u.confirmed_at is null and (u.sign_in_count > 0 or u.current_sign_in_at is not null)',
    remedy: BUG,
  },
  {
    name: 'start-has-its-mail',
    of: 'I5',
    claim: 'a request that was taken has its mail',
    offenders: `select e.tenant, ${eventId} as id from events e left join mails m on m.tenant = e.tenant and m.challenge = e.challenge and m.request_id = e.request_id where ${asked} and m.challenge is null and ${kept('challenges', 'e.tenant', 'e.challenge')}`,
    remedy: `${BUG}; whoever waits for the mail has to ask again`,
  },
  {
    name: 'challenge-has-a-mail',
    of: 'I5',
    claim: 'a challenge has a mail',
    offenders:
      'select c.tenant, c.id from challenges c left join mails m on m.tenant = c.tenant and m.challenge = c.id and m.ordinal = 0 where m.challenge is null',
    remedy: `${BUG}; whoever waits for the mail has to ask again`,
  },
  {
    name: 'mail-has-its-challenge',
    of: 'I5',
    claim: 'a mail belongs to a challenge',
    offenders: `select m.tenant, ${mailId} as id from mails m left join challenges c on c.tenant = m.tenant and c.id = m.challenge where c.id is null`,
    remedy: BUG,
  },
  {
    name: 'queued-or-settled',
    of: 'I5',
    claim: 'a mail either waits with its seal, or rests without it',
    offenders: `select m.tenant, ${mailId} as id from mails m where case m.state when 'queued' then m.sealed is null or m.settled_at is not null else m.sealed is not null or m.settled_at is null end`,
    remedy: 'a settled mail must not keep its seal: set `sealed` to null there; then report it with a copy of the database',
  },
  {
    name: 'nobody-waits-for-ever',
    of: 'I5',
    claim: 'no mail still waits an hour after its link and code ran out',
    offenders: `select m.tenant, ${mailId} as id from mails m where m.state = 'queued' and m.link_expires_at < ? and m.code_expires_at < ?`,
    params: ({ now }) => [now - HOUR, now - HOUR],
    remedy: 'no process sends mail: start `postkey serve`, and look for outbox_unavailable in its log',
  },
  {
    name: 'settled-as-written-down',
    of: 'I5',
    claim: 'the end of a mail is in the record',
    offenders: `select m.tenant, ${mailId} as id from mails m where m.state <> 'queued' and not exists (select 1 from events e where e.tenant = m.tenant and e.request_id = m.request_id and e.challenge = m.challenge and e.kind = 'deliver' and e.decision{json} ->> 'state' = m.state and cast(e.facts{json} ->> 'ordinal' as {int}) = m.ordinal) and ${kept('events', 'm.tenant', 'm.request_id')}`,
    remedy: BUG,
  },
  {
    name: 'address-is-canonical',
    of: 'I6',
    claim: 'an address is one address, in the form it is compared in',
    offenders: ['users', 'challenges']
      .map(
        (table) =>
          `select a.tenant, a.id from ${table} a where a.email <> lower(a.email) or length(a.email) <> octet_length(a.email) or length(replace(a.email, '@', '')) <> length(a.email) - 1 or ${[' ', ',', ';', ':', '<', '>', '"', '(', '\r', '\n'].map((character) => `a.email like '%${character}%'`).join(' or ')}`,
      )
      .join(' union all '),
    remedy: 'nobody can sign in to it: correct or remove the row',
  },
  {
    name: 'decoys-stay-here',
    of: 'I7',
    claim: 'a mail for show was never sent, and any other never taken for one',
    offenders: `select m.tenant, ${mailId} as id from mails m where case m.decoy when 1 then m.state = 'sent' else m.state = 'suppressed' end`,
    remedy: BUG,
  },
  {
    name: 'only-digests',
    of: 'I8',
    claim: 'links, codes, browsers and sessions are stored as digests',
    offenders: `select c.tenant, c.id from challenges c where length(c.browser) <> ${DIGEST_LENGTH} union all select m.tenant, ${mailId} from mails m where length(m.link_digest) <> ${DIGEST_LENGTH} or length(m.code_digest) <> ${DIGEST_LENGTH} union all select s.tenant, s.id from sessions s where length(s.digest) <> ${DIGEST_LENGTH}`,
    remedy: DOUBT,
  },
  {
    name: 'no-address-in-events',
    of: 'I8',
    claim: 'no event holds the address its challenge was for',
    offenders: `select e.tenant, ${eventId} as id from events e join challenges c on c.tenant = e.tenant and c.id = e.challenge where replace(e.facts || e.decision, c.email, '') <> e.facts || e.decision`,
    remedy: `${BUG}; keep exports of the record to yourself until then`,
  },
  {
    name: 'session-has-its-event',
    of: 'I9',
    claim: 'a session has one event that tells of it, of the same moment',
    offenders: `select s.tenant, s.id from sessions s left join (${signIns}) e on e.tenant = s.tenant and e.session_id = s.id where (e.n is null or e.n <> 1 or e.at <> ${provedAt}) and ${kept('events', 's.tenant', 's.id')}`,
    remedy: DOUBT,
  },
  {
    name: 'event-has-its-session',
    of: 'I9',
    claim: 'an event that tells of a session has it',
    offenders: `select e.tenant, ${eventId} as id from events e left join sessions s on s.tenant = e.tenant and s.id = e.session_id where (e.session_id is not null or e.reason in ${good}) and s.id is null and ${kept('sessions', 'e.tenant', 'coalesce(e.session_id, e.request_id)')}`,
    remedy: `${BUG}; rows may have been removed`,
  },
  {
    name: 'mail-has-its-event',
    of: 'I9',
    claim: 'a mail has one event that tells who asked for it',
    offenders: `select m.tenant, ${mailId} as id from mails m where (select count(*) from events e where e.tenant = m.tenant and e.request_id = m.request_id and e.challenge = m.challenge and ${asked}) <> 1 and ${kept('events', 'm.tenant', 'm.request_id')}`,
    remedy: BUG,
  },
  {
    name: 'event-has-its-rows',
    of: 'I9',
    claim: 'the challenge and the user of an event exist',
    offenders: `select e.tenant, ${eventId} as id from events e left join challenges c on c.tenant = e.tenant and c.id = e.challenge left join users u on u.tenant = e.tenant and u.id = e.user_id where (e.challenge is not null and c.id is null and ${kept('challenges', 'e.tenant', 'e.challenge')}) or (e.user_id is not null and u.id is null)`,
    remedy: `${BUG}; rows may have been removed`,
  },
  {
    name: 'event-has-its-policy',
    of: 'I9',
    claim: 'the policy that decided an event is kept',
    offenders: `select e.tenant, ${eventId} as id from events e left join policies p on p.tenant = e.tenant and p.version = e.versions{json} ->> 'policy' where p.version is null`,
    remedy: BUG,
  },
  {
    name: 'token-of-one-tenant',
    of: 'I11',
    claim: 'no challenge is known in two tenants',
    offenders: 'select min(tenant) as tenant, id from challenges group by id having count(*) > 1',
    remedy: DOUBT,
  },
  {
    name: 'signed-out-stays-out',
    of: 'I12',
    claim: 'a session that somebody signed out of is ended',
    offenders: `select s.tenant, s.id from events e join sessions s on s.tenant = e.tenant and s.id = e.session_id where e.kind = 'end_session' and e.reason = 'signed_out' and s.ended_at is null`,
    remedy: DOUBT,
  },
  {
    name: 'restore-voids',
    of: 'I12',
    claim: 'what was handed out before a restore is void',
    offenders: `select s.tenant, s.id from sessions s where s.ended_at is null and s.created_at < (select max(voided_at) from epochs) union all select m.tenant, ${mailId} from mails m where m.created_at < (select max(voided_at) from epochs) and (m.link_expires_at > (select max(voided_at) from epochs) or m.code_expires_at > (select max(voided_at) from epochs))`,
    remedy: 'run `postkey restored`',
  },
  {
    name: 'not-from-the-future',
    of: 'I14',
    claim: 'nothing happened later than now',
    offenders: `select tenant, id from users where created_at > ? or confirmed_at > ? or current_sign_in_at > ? union all select tenant, id from challenges where created_at > ? or completed_at > ? union all select m.tenant, ${mailId} from mails m where m.created_at > ? or m.settled_at > ? or m.link_used_at > ? union all select tenant, id from sessions where created_at > ? or seen_at > ? or ended_at > ? or proved_at > ? union all select e.tenant, ${eventId} from events e where e.at > ?`,
    params: ({ now }) => Array.from({ length: 13 }, () => now + MINUTE),
    remedy: 'the clock was set back, or ran ahead before: what was made then lives that much longer. Keep the clocks in step (NTP)',
  },
  {
    name: 'no-id-from-the-future',
    of: 'I14',
    claim: 'no id was minted more than an hour from now',
    offenders: `select c.tenant, c.id from challenges c where substr(c.id, 1, 7) {binary} > ? union all select e.tenant, ${eventId} from events e where substr(e.request_id, 1, 7) {binary} > ?`,
    params: ({ now, idsOf }) => [idsOf(now + HOUR), idsOf(now + HOUR)],
    remedy: 'the clock of a node runs ahead: keep the clocks in step (NTP)',
  },
]
