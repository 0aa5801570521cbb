// Reading what was posted, strictly: a bound on size before a byte is parsed, one content type per route, no field twice.
import type { z } from 'zod'
import { readForm } from '../core/field.ts'

/** The largest form of ours is a few hundred bytes. */
const BODY_BYTES_MAX = 16_384

export type Body<T> =
  | { readonly ok: true; readonly values: T }
  | { readonly ok: false; readonly reason: 'body_too_large' | 'body_malformed' }

const malformed = { ok: false, reason: 'body_malformed' } as const

export async function readFormBody<F extends Readonly<Record<string, { readonly max: number; readonly required: boolean }>>>(
  request: Request,
  fields: F,
): Promise<Body<{ readonly [K in keyof F]: F[K]['required'] extends true ? string : string | undefined }>> {
  if (!hasType(request, 'application/x-www-form-urlencoded')) return malformed
  const text = await readText(request)
  if (text === null) return { ok: false, reason: 'body_too_large' }
  const form = readForm(text, fields)
  return form.ok ? { ok: true, values: form.values as never } : malformed
}

export async function readJsonBody<T>(request: Request, schema: z.ZodType<T>): Promise<Body<T>> {
  if (!hasType(request, 'application/json')) return malformed
  const text = await readText(request)
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

function hasType(request: Request, type: string): boolean {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() === type
}

/** null: too large. Counted as it arrives where the length is not announced. */
async function readText(request: Request): Promise<string | null> {
  const announced = request.headers.get('content-length')
  if (announced !== null) {
    if (!(Number(announced) <= BODY_BYTES_MAX)) return null
    const text = await request.text()
    return text.length <= BODY_BYTES_MAX ? text : null
  }
  if (request.body === null) return ''
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.byteLength
    if (bytes > BODY_BYTES_MAX) {
      await reader.cancel()
      return null
    }
    chunks.push(value)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
