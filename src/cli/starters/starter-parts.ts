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
  git: {
    version: '^1.0',
    first: ['edit deploy.yaml', 'name your repository'],
    source: `# Tags of a git repository; build: may say how a checkout becomes a release.
type: git
repository: https://github.com/acme/shop.git
pattern: "v{version}"
`,
  },
  github: {
    version: '^1.0',
    first: ['edit deploy.yaml', 'name your repository and its asset'],
    source: `# A file attached to each release of a GitHub repository. Without asset:, the first plan shows the names there are.
type: github
repository: acme/shop
asset: "shop-{version}.tar.gz"
`,
  },
  oci: {
    version: '^1.0',
    first: ['edit deploy.yaml', 'name your repository'],
    source: `# Artifacts in a registry of images, pushed with oras; tags are versions.
type: oci
image: ghcr.io/acme/shop
`,
  },
  http: {
    version: '^1.0',
    first: ['edit deploy.yaml', 'name your server'],
    source: `# Archives on a web server, listed in a checksum file.
type: http
index: https://downloads.example.com/shop/SHA256SUMS
pattern: "shop-{version}.tar.gz"
`,
  },
  s3: {
    version: '^1.0',
    first: ['edit deploy.yaml', 'name your bucket'],
    source: `# Objects in a bucket of S3 or what speaks like it.
type: s3
bucket: acme-releases
prefix: shop
pattern: "shop-{version}.tar.gz"
`,
  },
  gcs: {
    version: '^1.0',
    first: ['edit deploy.yaml', 'name your bucket'],
    source: `# Objects in a bucket of Google Cloud Storage.
type: gcs
bucket: acme-releases
prefix: shop
pattern: "shop-{version}.tar.gz"
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
