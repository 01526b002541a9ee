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
    source: `# A repository in a registry of images; tags are versions.
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

interface TargetStarter {
  /** The sources it can take releases from, the one to begin with first. */
  readonly sources: readonly string[]
  readonly target: string
  readonly strategy: string
  readonly healthChecks: string
  /** The variables that the parts above use, in each environment. */
  readonly staging: string
  readonly production: string
}

/** What is unpacked into a folder may come from anywhere. */
const anySource: TargetStarter['sources'] = ['directory', 'npm', 'git', 'github', 'oci', 'http', 's3', 'gcs']

/** For what listens: on another port in each environment, since both may be on this machine. */
const onAPort = {
  healthChecks: `ready:
  type: http
  path: /
  deadline: 30s
`,
  staging: 'root: ./var/staging\nport: 8081\n',
  production: 'root: ./var/production\nport: 8082\n',
}

export const targetStarters: { readonly [target: string]: TargetStarter } = {
  directory: {
    sources: anySource,
    target: `# releases/<version> in this folder, and a link \`current\` to the one that serves.
type: directory
path: "\${var.root}/app"
keepReleases: 5
# Tells the program of the new release: a systemd unit, or command: [bin/restart].
# restart: { systemd: app.service }
# On other machines, over SSH: a group of hosts, named in an environment.
# hosts: web
`,
    strategy: `# Host by host: stage, switch, check.
type: rolling
`,
    healthChecks: `disk:
  type: disk
  path: .
  minFree: 100MB
`,
    staging: 'root: ./var/staging\n',
    production: 'root: ./var/production\n',
  },
  container: {
    sources: ['oci'],
    target: `# Copies of the image on this machine's Docker engine, behind an HAProxy that deployctl runs
# (apt-get install haproxy). Without one: ports: ["8080:8080"], replicas: 1 and the strategy recreate.
type: container
replicas: 2
port: 8080 # where the app listens, in its container
router:
  type: haproxy
  listen: "127.0.0.1:\${var.port}"
  folder: "\${var.root}/router"
# env: { DATABASE_URL: "\${secret.DATABASE_URL}" }
`,
    strategy: `# New copies start beside the old ones, and one switch moves the traffic. The old ones stay up for a while,
# so that a rollback is one switch as well.
type: blue-green
keepWarm: 10m
`,
    ...onAPort,
  },
  process: {
    sources: anySource,
    target: `# deployctl runs the app, holds its sockets and hands them to each release: no connection is refused.
# The app takes them as SERVER_STARTER_PORT or LISTEN_FDS.
type: process
path: "\${var.root}/app"
command: [node, server.mjs]
listen: ["127.0.0.1:\${var.port}"]
`,
    strategy: `# The new release starts beside the old one; when it is healthy, the old one is asked to end.
type: blue-green
`,
    ...onAPort,
  },
}
