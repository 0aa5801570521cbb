export function load({ locals }) {
  return { email: locals.user?.email ?? null }
}
