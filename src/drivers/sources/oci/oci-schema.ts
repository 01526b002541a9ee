/** The options of an oci source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'
import { imageNamePattern } from '../../artifacts/image-name.js'
import { platformPattern } from './platform.js'

export const ociSchema: JsonSchema = {
  type: 'object',
  description: 'A repository of an OCI registry: its tags are the releases, images or artifacts (ORAS).',
  properties: {
    type: { const: 'oci', description: 'The kind of source.', examples: ['oci'] },
    image: {
      type: 'string',
      description:
        'The registry and the repository, without a tag. Without a registry it is docker.io, as for Docker.',
      pattern: imageNamePattern,
      examples: ['ghcr.io/acme/shop-web', 'library/nginx'],
    },
    tag: {
      type: 'string',
      description:
        'What the tags of releases look like; a `v` before the number is accepted and not part of the version. Without {version} it is one tag, which is followed wherever it is moved.',
      pattern: '^[^{}]*(\\{version\\}[^{}]*)?$',
      minLength: 1,
      default: '{version}',
      examples: ['{version}-alpine', 'stable'],
    },
    platform: {
      type: 'string',
      description:
        'The platform to choose where a tag has several: system/processor, and a variant if need be. Without it, that of this machine.',
      pattern: platformPattern,
      examples: ['linux/amd64', 'linux/arm/v7'],
    },
    artifactType: {
      type: 'string',
      description: 'Deploy only artifacts of this type; anything else under a tag is refused.',
      minLength: 1,
      examples: ['application/vnd.acme.site.v1'],
    },
    layer: {
      type: 'string',
      description:
        'Which layer is the release, by its title (the name that it was pushed under): * stands for anything, {version} for the version. An artifact with one layer needs none.',
      minLength: 1,
      pattern: '^[^{}]*(\\{version\\}[^{}]*)*$',
      examples: ['site-{version}.tar.gz', '*.tar.gz'],
    },
    mediaType: {
      type: 'string',
      description: 'Which layer is the release, by its media type; * stands for anything.',
      minLength: 1,
      examples: ['application/vnd.oci.image.layer.v1.tar+gzip'],
    },
    username: {
      type: 'string',
      description: "The user to log in as. Without it, the logins in Docker's configuration are used.",
      'x-secret': true,
      examples: ['deployer'],
    },
    password: {
      type: 'string',
      description: 'The password of the user, or an access token that the registry takes in its place.',
      'x-secret': true,
      examples: ['${secret.REGISTRY_PASSWORD}'],
    },
    token: {
      type: 'string',
      description:
        'A bearer token that the registry itself takes, instead of a user and a password (rare: most want it as a password).',
      'x-secret': true,
      examples: ['${secret.REGISTRY_TOKEN}'],
    },
    insecure: {
      type: 'boolean',
      description:
        'Whether to speak plain HTTP, which anybody on the way can read and change. Without it, only with this machine.',
      examples: [true],
    },
    retag: {
      type: 'string',
      description:
        'What to do when the tag of what is deployed names other content now: redeploy it as a new release, do so with a warning in the plan, or refuse to plan.',
      enum: ['redeploy', 'warn', 'refuse'],
      default: 'redeploy',
      examples: ['refuse'],
    },
  },
  required: ['type', 'image'],
  dependencies: { username: ['password'], password: ['username'] },
  additionalProperties: false,
}
