// The exports of other systems, as data: which column says what. docs/import.md tells how to get each, and what of it was confirmed where.
import type { ImportField } from './user-import.ts'

/** Columns that may say a field, the first that is there does. Of JSON, a dot leads into an object. */
export type Columns = Readonly<Partial<Record<ImportField, readonly string[]>>>

export const presets = {
  /** Rows of a bulk export: POST /api/v2/jobs/users-exports, as JSON or with these fields as CSV. */
  auth0: { email: ['email'], external_id: ['user_id'], created_at: ['created_at'], disabled: ['blocked'] },
  /** The CSV of the dashboard; or what its command line exports, which has other names. */
  clerk: {
    email: ['primary_email_address', 'email'],
    external_id: ['id', 'userId'],
    created_at: ['created_at', 'createdAt'],
    disabled: ['banned'],
  },
  /** The table auth.users. */
  supabase: {
    email: ['email'],
    external_id: ['id'],
    created_at: ['created_at'],
    disabled_until: ['banned_until'],
    deleted_at: ['deleted_at'],
  },
  /** The table "user"; its columns are named by the adapter. The last two belong to the admin plugin. */
  'better-auth': {
    email: ['email'],
    external_id: ['id'],
    created_at: ['createdAt', 'created_at'],
    disabled: ['banned'],
    disabled_until: ['banExpires', 'ban_expires'],
  },
  /** The table users, or "user", of an adapter. It has no time of its making. */
  authjs: { email: ['email'], external_id: ['id'] },
  /** The table of a Rails model. `locked_at` is of somebody who typed wrong passwords, and ends by itself: it disables nobody here. */
  devise: { email: ['email'], external_id: ['id'], created_at: ['created_at'], deleted_at: ['deleted_at'] },
} as const satisfies Record<string, Columns>

export type PresetSource = keyof typeof presets
