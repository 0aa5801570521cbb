// Programs that manage tenants: who presents a key is let in by it, or is nobody.
import { type AdminKey, type KeyScope, keyText, mayDo, readKey, type Wish } from '../core/admin-key.ts'
import type { ReasonCode } from '../core/reason.ts'
import { digest, mintId, mintSecret } from '../secret.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'

type KeyStore = Pick<Store, 'addAdminKey' | 'findAdminKey'>

/** The text is shown once, and is nowhere afterwards. */
export async function makeKey(
  store: KeyStore,
  { tenant, scope, now }: { readonly tenant: string; readonly scope: KeyScope; readonly now: number },
): Promise<{ readonly key: AdminKey; readonly text: string }> {
  const presented = { tenant, id: mintId(now), secret: mintSecret() }
  const key = await store.addAdminKey({ tenant, id: presented.id, scope, digest: digestOf(presented) })
  return { key, text: keyText(presented) }
}

function digestOf({ tenant, id, secret }: NonNullable<ReturnType<typeof readKey>>): string {
  return digest('admin_key', tenant, id, secret)
}

/** @param authorization the header; null: there is none. */
export async function admitKey(
  { store }: Pick<Context, 'store'>,
  authorization: string | null,
  wish: Wish,
): Promise<{ readonly ok: true; readonly key: AdminKey } | { readonly ok: false; readonly reason: ReasonCode }> {
  const presented = readKey(/^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '')
  const key = presented && (await store.findAdminKey(presented.tenant, presented.id, digestOf(presented)))
  if (key === null) return { ok: false, reason: 'admin_key_unknown' }
  return mayDo(key, wish) ? { ok: true, key } : { ok: false, reason: 'admin_key_scope' }
}
