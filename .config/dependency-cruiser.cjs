/**
 * What may import what. Layers point inward: main -> adapters -> app -> domain -> kernel; contexts meet in main only.
 * test/architecture/imports.test.ts proves that each rule here can fail.
 */
const context = '^src/(?!kernel/|platform/|main/|console/)([^/]+)/'
const packages = '(^|/)node_modules/'

const forbid = (name, from, to) => ({ name, severity: 'error', from: { path: from }, to })

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid('no-cycles', '.', { circular: true }),
    forbid('resolvable', '.', { couldNotResolve: true }),
    forbid('kernel-imports-nothing', '^src/kernel/', { pathNot: '^src/kernel/' }),
    forbid('domain-is-pure', `${context}domain/`, { pathNot: '^src/(kernel|$1/domain)/' }),
    forbid('app-knows-domain-and-kernel', `${context}app/`, {
      pathNot: ['^src/(kernel|$1/(domain|app))/', '^client-sdk/src/contract/'],
    }),
    forbid('app-takes-contract-types-only', `${context}app/`, {
      path: '^client-sdk/src/contract/',
      dependencyTypesNot: ['type-only'],
    }),
    forbid('adapters-know-their-context-and-platform', `${context}(?!domain/|app/)`, {
      pathNot: ['^src/(kernel|platform|$1)/', '^client-sdk/src/contract/', packages],
      dependencyTypesNot: ['core'],
    }),
    forbid('contexts-never-meet', context, { path: context, pathNot: '^src/$1/' }),
    forbid('platform-knows-no-context', '^src/platform/', {
      pathNot: ['^src/(kernel|platform)/', '^client-sdk/src/contract/', packages],
      dependencyTypesNot: ['core'],
    }),
    forbid('contract-by-its-alias', '^src/(?!main/|console/)', {
      path: '^client-sdk/',
      dependencyTypesNot: ['aliased-subpath-import'],
    }),
    forbid('contract-imports-zod', '^client-sdk/src/contract/', {
      pathNot: ['^client-sdk/src/contract/', '(^|/)node_modules/zod/'],
    }),
    forbid('sdk-knows-itself', '^client-sdk/src/', {
      path: '^(src|db|test)/',
      pathNot: '^src/main/router-type\\.ts$',
    }),
    forbid('router-type-as-a-type', '^(client-sdk|src/(?!main/))', {
      path: '^src/main/router-type\\.ts$',
      dependencyTypesNot: ['type-only'],
    }),
    forbid('console-is-a-client', '^src/console/', {
      pathNot: ['^src/console/', '^client-sdk/', packages],
    }),
    forbid('no-test-code', '^(src|client-sdk|db)/', { path: '^test/|\\.test\\.tsx?$' }),
    forbid('migrations-stand-alone', '^db/migrations/', {
      pathNot: ['^db/(migrations/|schema\\.ts$)', '^src/platform/database/'],
    }),
    forbid('schema-knows-the-database', '^db/schema\\.ts$', { pathNot: ['^src/platform/database/', packages] }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['xm-source', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json'],
    },
  },
}
