package dev.tollgate.cli;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;

/** Vert.x as every command of this process uses it. */
final class Runtimes {
    private Runtimes() {}

    /** No cache of class-path files: nothing is served from there. */
    static Vertx vertx() {
        return Vertx.vertx(
                new VertxOptions()
                        .setPreferNativeTransport(false)
                        .setFileSystemOptions(
                                new FileSystemOptions()
                                        .setClassPathResolvingEnabled(false)
                                        .setFileCachingEnabled(false)));
    }
}
