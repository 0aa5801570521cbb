export default {
  // Postkey finds its migrations and its database driver beside itself: it stays a package, and is not made part of a bundle.
  serverExternalPackages: ['postkey'],
  turbopack: { root: import.meta.dirname },
}
