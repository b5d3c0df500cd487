import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../src/dockerfile/dockerfile.ts'
import { readImage, type StageBase } from '../src/image/image.ts'
import { familiarName } from '../src/image/reference.ts'

function base(from: string, rest = ''): StageBase {
  const dockerfile = parseDockerfile(`FROM ${from}\n${rest}`)
  const stage = dockerfile.stages.at(-1)
  if (stage === undefined) throw new Error('no stage')
  return readImage(dockerfile, stage).base
}

describe('the familiar name', () => {
  it.each([
    ['docker.io/library/node', 'node'],
    ['public.ecr.aws/docker/library/node', 'node'],
    ['mirror.gcr.io/grafana/grafana', 'grafana/grafana'],
    ['docker.m.daocloud.io/library/node', 'node'],
    ['docker.arvancloud.ir/python', 'python'],
    ['hub.hamdocker.ir/library/nginx', 'nginx'],
    ['m.daocloud.io/docker.io/library/node', 'node'],
    ['m.daocloud.io/quay.io/keycloak/keycloak', 'quay.io/keycloak/keycloak'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/library/node', 'node'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/grafana/grafana', 'grafana/grafana'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/node', '123456789012.dkr.ecr.us-east-1.amazonaws.com/node'],
    ['gitlab.example.com/some/group/dependency_proxy/containers/node', 'node'],
    ['m.daocloud.io/node', 'm.daocloud.io/node']
  ])('of %s is %s', (name, familiar) => expect(familiarName(name)).toBe(familiar))
})

describe('a mirror with another host', () => {
  it.each([
    ['harbor.example.com/proxy/library/node:20', 'node'],
    ['registry:5000/library/node:20', 'node'],
    ['daocloud.io/library/ubuntu:16.04', 'ubuntu'],
    ['harbor.example.com/dockerhub/library/python', 'python'],
    ['artifactory.example.com/docker-hub-remote/grafana/grafana', 'grafana/grafana'],
    ['registry.example.com/docker.io/node', 'node'],
    ['registry.example.com/quay.io/keycloak/keycloak:26.0', 'quay.io/keycloak/keycloak']
  ])('%s is read as %s with a warning', (from, name) => {
    expect(base(from).image?.name).toBe(name)
    expect(base(from).assumption).toContain(name)
  })

  it.each([
    'harbor.example.com/library/payments',
    'registry.example.com/node',
    'registry.example.com/team/node',
    'acme/library/node',
    'registry.example.com/dockerhub-copies-of/payments'
  ])('%s stays unknown', (from) => {
    expect(base(from).image).toBeUndefined()
    expect(base(from).assumption).toBeUndefined()
  })
})

describe('a registry without value', () => {
  it.each([
    ['${REGISTRY}/node:20', 'node'],
    ['${DOCKER_MIRROR}/library/node:20', 'node'],
    ['$REGISTRY_PREFIX/grafana/grafana', 'grafana/grafana'],
    ['${IMAGE_PREFIX}${IMAGE_PREFIX:+/}alpine:3.20', 'alpine'],
    ['docker.io/${ARCH}/ubuntu:22.04', 'ubuntu']
  ])('%s is read as %s with a warning', (from, name) => {
    const found = base(from)
    expect(found.image?.name).toBe(name)
    expect(found.reference.text).toBe(from)
    expect(found.assumption).toContain('is not in the file')
  })

  it.each(['$CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX', '${CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX}'])(
    '%s is Docker Hub',
    (prefix) => {
      expect(base(`${prefix}/node:20`).image?.name).toBe('node')
      expect(base(`${prefix}/node:20`).assumption).toBeUndefined()
    }
  )

  it.each([
    '${BASE_IMAGE}',
    '${IMAGE}:20',
    '${REGISTRY}/${NAME}:20',
    '${REGISTRY}/payments:20',
    '${TEAM}/node:20',
    '${REGISTRY_NAMESPACE}/node:20',
    'registry.example.com/${MIRROR}/node:20',
    'node${SUFFIX_PREFIX}:20',
    '${REGISTRY#https://}/node:20'
  ])('%s stays unknown', (from) => expect(base(from).image).toBeUndefined())
})

describe('a tag without value', () => {
  it('leaves what is the same for all tags', () => {
    const found = base('node:${VERSION}-alpine')
    expect(found.image).toMatchObject({ name: 'node', tag: '${VERSION}-alpine', account: { name: 'node' } })
    expect(found.distribution).toBe('alpine')
    expect(found.assumption).toBeUndefined()
  })

  it('takes the flavour from the commands of the file', () => {
    const found = base('redis:${VERSION}', 'RUN apt-get update')
    expect(found.distribution).toBe('debian')
    expect(found.image?.account?.gid).toBe(999)
    expect(base('redis:${VERSION}', 'RUN apk add git').image?.account?.gid).toBe(1000)
  })

  it('leaves out what differs, with a warning', () => {
    const found = base('redis:${VERSION}')
    expect(found.image?.name).toBe('redis')
    expect(found.image?.account).toBeUndefined()
    expect(found.distribution).toBeUndefined()
    expect(found.assumption).toContain('depends on it')
  })

  it('does not mind an account that is nobody’s service', () => {
    const found = base('ubuntu:${VERSION}')
    expect(found.distribution).toBe('ubuntu')
    expect(found.image?.account).toBeUndefined()
    expect(found.assumption).toBeUndefined()
  })

  it('warns of applications, whose older releases can be another image', () =>
    expect(base('couchdb:${VERSION}').assumption).toContain('current releases'))

  it('does not guess whether the image is root', () => {
    expect(base('gcr.io/distroless/static:${TAG}').image).toBeUndefined()
    expect(base('gcr.io/distroless/static:nonroot-${ARCH_TAG}').image?.user).toBe('65532')
    expect(base('influxdb:${TAG}').image).toBeUndefined()
    expect(base('php:${TAG}').image).toBeUndefined()
    expect(base('php:${TAG}-apache').image?.service).toBe('php-apache')
  })

  it('knows a digest that is a variable', () => expect(base('node:22@${DIGEST}').image?.tag).toBe('22'))
})
