# The controller as an image: docker build -t ghcr.io/understudy-dev/understudy:0.1.0 .
# test/deploy/image.test.ts runs these very steps in an empty folder, without an engine.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /opt/understudy
COPY .npmrc package.json package-lock.json ./
# Not npm ci: it refuses a lockfile written where a registry lacks other platforms' optional binaries.
# No package may run a script of its own. This is the only step that needs a network.
RUN npm install --no-save --ignore-scripts --loglevel=error
COPY tsconfig.json ./
COPY crd crd/
COPY reconcilers reconcilers/
COPY controller controller/
COPY deploy deploy/
# Node runs the TypeScript as it stands: what is to be built is certainty.
RUN node_modules/.bin/tsc --noEmit
# Node itself, which the optional packages bring elsewhere, is the image's own here. Offline: npm has all it asks for.
RUN npm prune --omit=dev --omit=optional --ignore-scripts --offline --loglevel=error \
 && find node_modules -type d \( -name .github -o -name test -o -name tests \) -prune -exec rm -rf {} + \
 && find node_modules -type f \( -name '*.d.*ts' -o -name '*.map' -o -name '*.md' -o -name '.*' \) -delete \
 && find node_modules -type d -empty -delete \
 && rm -rf .npmrc package-lock.json tsconfig.json crd/generate.ts node_modules/.bin node_modules/.cache
# What Node makes of the TypeScript, for starts that are quicker by half a second and need nothing to write to. Node
# keeps it by user: it must be the one that the image runs as. Both starts end at once, for want of anything to do.
RUN mkdir -m 1777 .cache
USER 65532:65532
ENV NODE_COMPILE_CACHE=/opt/understudy/.cache/node-compile
RUN for words in '--file /dev/null' '--kubernetes --kubeconfig /dev/null'; do \
      timeout 60 node --disable-warning=ExperimentalWarning controller/main.ts run $words 2>/dev/null; \
    done; test -d "$NODE_COMPILE_CACHE"
USER root
RUN chmod -R u=rwX,go=rX /opt/understudy

FROM ${NODE_IMAGE}
ENV NODE_ENV=production NODE_COMPILE_CACHE=/opt/understudy/.cache/node-compile
WORKDIR /opt/understudy
# All of it is root's: the program cannot change itself.
COPY --from=build /opt/understudy ./
# Not a name: Kubernetes has to see that it is not root.
USER 65532:65532
EXPOSE 8080
# No shell in between: SIGTERM reaches Node.
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/opt/understudy/controller/main.ts"]
CMD ["--help"]
