// Reading what was posted, strictly: a bound on size before a byte is parsed, one content type per route, no field twice.
import type { z } from 'zod'
import { type FieldRule, readForm } from '../core/field.ts'
import type { Incoming } from './exchange.ts'

/** Nearly every form of ours is a few hundred bytes. */
const BODY_BYTES_MAX = 16_384

export type Body<T> =
  | { readonly ok: true; readonly values: T }
  | { readonly ok: false; readonly reason: 'body_too_large' | 'body_malformed' }

const malformed = { ok: false, reason: 'body_malformed' } as const

export async function readFormBody<F extends Readonly<Record<string, FieldRule>>>(
  request: Incoming,
  fields: F,
  bytesMax = BODY_BYTES_MAX,
): Promise<Body<{ readonly [K in keyof F]: F[K]['required'] extends true ? string : string | undefined }>> {
  if (!hasType(request, 'application/x-www-form-urlencoded')) return malformed
  const text = await request.text(bytesMax)
  if (text === null) return { ok: false, reason: 'body_too_large' }
  const form = readForm(text, fields)
  return form.ok ? { ok: true, values: form.values as never } : malformed
}

export async function readJsonBody<T>(request: Incoming, schema: z.ZodType<T>): Promise<Body<T>> {
  if (!hasType(request, 'application/json')) return malformed
  const text = await request.text(BODY_BYTES_MAX)
  if (text === null) return { ok: false, reason: 'body_too_large' }
  // A replacement character is what broken UTF-8 becomes.
  if (text.includes('\uFFFD')) return malformed
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? { ok: true, values: parsed.data } : malformed
  } catch {
    return malformed
  }
}

function hasType(request: Incoming, type: string): boolean {
  const sent = request.header('content-type') ?? ''
  return sent === type || sent.split(';', 1)[0]?.trim().toLowerCase() === type
}
