// What another system knows a user by. Its own shape is none of our business, beyond what keeps it one word: ids of databases, UUIDs,
// `auth0|…`, `user_…` and their like fit, and nothing that breaks a line, a cell or a command.

const EXTERNAL_ID = /^[\w.|:@/+=~-]{1,200}$/

/** null: it is none that could be kept. */
export function readExternalId(text: string): string | null {
  return EXTERNAL_ID.test(text) ? text : null
}
