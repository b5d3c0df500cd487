/** Images that nobody builds here. */
import { findBaseImage } from '../image/base-images/index.ts'
import { readReference } from '../image/reference.ts'

/** An image that everybody knows and nobody builds here: `postgres:16`, `docker.io/library/nginx`. */
export const isPublicImage = (image: string): boolean =>
  findBaseImage(readReference(image)) !== undefined || sidecars.test(readReference(image).name)

/**
 * Images that run beside applications, and that no Dockerfile is built on.
 *
 * source: the images' names in the manifests of their own projects
 */
const sidecars =
  /^(?:registry\.k8s\.io|k8s\.gcr\.io|gcr\.io\/(?:google-containers|google_containers|cloudsql-docker|cloud-sql-connectors|google-samples|google\.com\/cloudsdktool)|quay\.io\/(?:prometheus|jetstack|coreos|oauth2-proxy|brancz)|docker\.elastic\.co|mcr\.microsoft\.com|public\.ecr\.aws|prom|bitnami|bitnamilegacy|envoyproxy|istio|jaegertracing|otel|grafana|openzipkin|fluent|hashicorp|curlimages|nginxinc|rancher|cockroachdb|minio|weaveworks|kong)\/|^(?:gcr\.io|ghcr\.io)\/(?:linkerd|dapr|distroless)\//
