/** The parts of a starter deploy.yaml that depend on the chosen source and target: plain YAML, to be indented into place. */
export const sourceStarters: {
  readonly [source: string]: {
    readonly source: string
    readonly version: string
    /** What to do before the first plan. */
    readonly first: readonly [command: string, does: string]
  }
} = {
  directory: {
    version: 'latest',
    first: ['mkdir -p releases/v1.0.0', 'put a release there'],
    source: `# A folder whose entries are releases: sub-folders or archives, named after their version.
type: directory
path: ./releases
pattern: "v{version}"
`,
  },
  npm: {
    version: '^3.0',
    first: ['edit deploy.yaml', 'name your package'],
    source: `# A package of an npm registry; every published version is a release.
type: npm
package: is-odd
`,
  },
}

export const targetStarters: {
  readonly [target: string]: { readonly target: string; readonly healthChecks: string }
} = {
  directory: {
    target: `# releases/<version> in this folder, and a link \`current\` to the one that serves.
type: directory
path: "\${var.root}/app"
keepReleases: 5
`,
    healthChecks: `disk:
  type: disk
  path: .
  minFree: 100MB
`,
  },
}
