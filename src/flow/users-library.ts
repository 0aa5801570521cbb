// `postkey.users`: the same acts for the code of the host, with few words.
import type { User } from '../core/model.ts'
import { type Invitation, type Invited, type Inviter, invite } from './invite.ts'
import {
  type Acted,
  actOnUser,
  type Created,
  createUser,
  findUser,
  listUsers,
  type NewUser,
  type UserFilter,
  type UserKey,
  type UserPage,
} from './users.ts'

/**
 * For the host's own code, which decides who may call it. Each act is one event of kind `console` that says `by: library`; of several that run at
 * once on one user each comes before or after the other. They reject when the database does not answer, and then nothing was done.
 */
export interface Users {
  /**
   * Makes a user whose address nobody has proved. No mail is sent: the first one is the sign-in mail that the person asks for, and its proof
   * confirms the address. An address or external id that somebody has changes nothing, and says who.
   */
  create(user: NewUser): Promise<Created>
  /**
   * Makes the user where nobody has the address, and sends a mail with a link that signs them in: in any browser whose user types the address, and for
   * `invitationTtl` of the policy. Asked for again, another mail goes out, as long as the person has not come.
   */
  invite(invitation: Invitation): Promise<Invited>
  /** null: nobody is known by that. */
  find(key: UserKey): Promise<User | null>
  /** In the order of their ids, `limit` (default: 100, at most 1,000) from behind `after` on; `next` is where to go on. */
  list(options?: UserFilter & { readonly after?: string; readonly limit?: number }): Promise<UserPage>
  endSessions(key: UserKey): Promise<Acted>
  /** Nobody gets in as this user, by whatever was sent or will be; sessions end for good. */
  disable(key: UserKey): Promise<Acted>
  enable(key: UserKey): Promise<Acted>
  /** The account ends; whoever comes with the address is somebody new. What the record tells of it runs out in its time. */
  delete(key: UserKey): Promise<Acted>
  /** The same, and the address is taken from everything that names it. */
  erase(key: UserKey): Promise<Acted>
}

const LIMIT = 100
const LIMIT_MAX = 1_000

/** @param careOf under which rules, as they are at the time of each call; what it throws is what the call rejects with. */
export function usersOf(careOf: () => Promise<Inviter>): Users {
  return {
    create: async (user) => createUser(await careOf(), user),
    invite: async (invitation) => invite(await careOf(), invitation),
    find: async (key) => findUser(await careOf(), key),
    list: async ({ limit = LIMIT, ...options } = {}) =>
      listUsers(await careOf(), { ...options, limit: Math.max(1, Math.min(LIMIT_MAX, Math.floor(limit) || LIMIT)) }),
    endSessions: async (key) => actOnUser(await careOf(), 'end_sessions', key),
    disable: async (key) => actOnUser(await careOf(), 'disable', key),
    enable: async (key) => actOnUser(await careOf(), 'enable', key),
    delete: async (key) => actOnUser(await careOf(), 'delete', key),
    erase: async (key) => actOnUser(await careOf(), 'erase', key),
  }
}
