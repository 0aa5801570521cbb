/** Of the user, what the page may show: it is sent to the browser. */
export function useUser() {
  return useState('user', () => {
    const user = useRequestEvent()?.context.user
    return user ? { email: user.email } : null
  })
}
