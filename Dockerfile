# Builds the package and runs it without its sources, as a user who owns only /data.
FROM node:26-slim AS build
WORKDIR /purser
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY bin bin
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:26-slim
WORKDIR /purser
COPY --from=build /purser/package.json ./
COPY --from=build /purser/bin bin
COPY --from=build /purser/dist dist
COPY --from=build /purser/node_modules node_modules
RUN mkdir --mode=700 /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4141
ENV PURSER_DATA=/data NODE_COMPILE_CACHE=/tmp/purser-cache
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:4141/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/purser.mjs"]
CMD ["serve", "--host", "0.0.0.0"]
