// Keys of programs that manage tenants: what one looks like, and what it lets its holder do.
import type { Ms } from './model.ts'
import { CONFIGURED } from './place.ts'

/** `read`: look. `write`: change too. */
export const keyScopes = ['read', 'write'] as const
export type KeyScope = (typeof keyScopes)[number]

export interface AdminKey {
  /** That of the settings: a key of the installation, for all of them. */
  readonly tenant: string
  readonly id: string
  readonly scope: KeyScope
  readonly createdAt: Ms
  readonly endedAt: Ms | null
}

export interface PresentedKey {
  readonly tenant: string
  readonly id: string
  readonly secret: string
}

/** Whose it is and which one is no secret, and finds it by its key; the rest is 256 bits. */
export function keyText({ tenant, id, secret }: PresentedKey): string {
  return `pk.${tenant}.${id}.${secret}`
}

export function readKey(text: string): PresentedKey | null {
  const [, tenant, id, secret] = /^pk\.([a-z0-9-]{1,40})\.([0-9A-Za-z]{16})\.([0-9A-Za-z]{43})$/.exec(text) ?? []
  return tenant === undefined || id === undefined || secret === undefined ? null : { tenant, id, secret }
}

export interface Wish {
  /** null: all of them, or a new one. */
  readonly tenant: string | null
  readonly writes: boolean
  /** Where it is, whether it is there at all: of the installation alone. */
  readonly places: boolean
}

export function mayDo(key: Pick<AdminKey, 'tenant' | 'scope' | 'endedAt'>, { tenant, writes, places }: Wish): boolean {
  if (key.endedAt !== null || (writes && key.scope !== 'write')) return false
  return key.tenant === CONFIGURED || (key.tenant === tenant && !places)
}
