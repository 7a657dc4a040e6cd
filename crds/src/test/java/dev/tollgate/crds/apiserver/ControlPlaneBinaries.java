package dev.tollgate.crds.apiserver;

import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubeapitest.binary.BinaryManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds etcd, kube-apiserver and kubectl of one Kubernetes version, in this order: the folder named
 * by {@code KUBE_API_TEST_DIR}; the usual caches below the home folder; what kube-api-test
 * downloads by itself; a build from the Go modules. If nothing helps, the failure says what was
 * tried and what to do.
 */
final class ControlPlaneBinaries {
    static final String VERSION = "1.34.4";
    private static final List<String> NAMES = List.of("etcd", "kube-apiserver", "kubectl");

    private final Path home;
    private final @Nullable String testDir;

    /**
     * @param home where the caches are
     * @param testDir the value of {@code KUBE_API_TEST_DIR}, if it is set
     */
    ControlPlaneBinaries(Path home, @Nullable String testDir) {
        this.home = home;
        this.testDir = testDir;
    }

    static ControlPlaneBinaries ofEnvironment() {
        return new ControlPlaneBinaries(
                Path.of(System.getProperty("user.home")), System.getenv("KUBE_API_TEST_DIR"));
    }

    /** The folder that holds the three binaries. */
    Path find() {
        if (testDir != null && !testDir.isBlank()) {
            Path named = Path.of(testDir);
            return first(List.of(named, layout(named)))
                    .orElseThrow(
                            () ->
                                    new IllegalStateException(
                                            "KUBE_API_TEST_DIR=%s (expected: a folder that holds %s, or has them in %s)"
                                                    .formatted(
                                                            testDir,
                                                            String.join(", ", NAMES),
                                                            named.relativize(layout(named)))));
        }
        var tried = new ArrayList<String>();
        Path cache = home.resolve(".cache/kube-bin/v" + VERSION);
        Path own = home.resolve(".kubeapitest");
        var found = first(List.of(cache, layout(own)));
        if (found.isPresent()) {
            return found.get();
        }
        tried.add("no binaries in " + cache + " or " + layout(own));
        try {
            return download(own);
        } catch (RuntimeException e) {
            tried.add("download: " + e.getMessage());
        }
        try {
            return new GoBuild(VERSION).into(cache);
        } catch (IOException e) {
            tried.add("build from Go modules: " + e.getMessage());
        }
        throw new IllegalStateException(
                """
                There is no Kubernetes API server for the tests. Tried:
                  %s
                Do one of these: put etcd, kube-apiserver and kubectl %s into a folder and name it by KUBE_API_TEST_DIR; \
                allow the download; or install Go 1.25 or later."""
                        .formatted(String.join("\n  ", tried), VERSION));
    }

    private static Optional<Path> first(List<Path> folders) {
        return folders.stream().filter(ControlPlaneBinaries::complete).findFirst();
    }

    private static boolean complete(Path folder) {
        return NAMES.stream().allMatch(name -> Files.isExecutable(folder.resolve(name)));
    }

    /** Where kube-api-test keeps binaries below its folder. */
    static Path layout(Path testDir) {
        String os =
                System.getProperty("os.name").toLowerCase().startsWith("mac") ? "darwin" : "linux";
        String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
        return testDir.resolve("k8s").resolve(VERSION + "-" + os + "-" + arch);
    }

    private static Path download(Path into) {
        var config =
                new KubeAPIServerConfigBuilder()
                        .withTestDir(into.toString())
                        .withApiServerVersion(VERSION)
                        .build();
        var manager = new BinaryManager(config);
        manager.initAndDownloadIfRequired();
        Path folder = manager.binaries().getApiServer().toPath().getParent();
        if (!complete(folder)) {
            throw new IllegalStateException(folder + " is not complete");
        }
        return folder;
    }
}
