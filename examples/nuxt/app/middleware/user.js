export default defineNuxtRouteMiddleware((to) => {
  if (useUser().value) return
  return navigateTo(`/auth/sign-in?return_to=${encodeURIComponent(to.fullPath)}`, { external: true, redirectCode: 303 })
})
