package dev.tollgate.crds.apiserver;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Builds etcd, kube-apiserver and kubectl from their Go modules: about three minutes on two cores,
 * once. The module {@code k8s.io/kubernetes} names its parts as {@code v0.0.0} and replaces them by
 * folders that only its repository has; here they are replaced by the releases of the same version.
 */
final class GoBuild {
    private static final String ETCD = "go.etcd.io/etcd/server/v3";
    private static final String ETCD_VERSION = "v3.6.8";
    private static final long STEP_LIMIT_MINUTES = 40;
    private static final Pattern STAGED =
            Pattern.compile("^\\s*(?:require )?(k8s\\.io/[a-z0-9-]+) v0\\.0\\.0(?:\\s.*)?$");

    private final String kubernetes;

    GoBuild(String kubernetes) {
        this.kubernetes = kubernetes;
    }

    /** Builds what is missing; two processes at a time wait for each other. */
    Path into(Path folder) throws IOException {
        run(Path.of("."), List.of("go", "version"));
        Path work = Files.createDirectories(folder.resolve(".work"));
        try (var channel =
                        FileChannel.open(
                                work.resolve("lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                var _ = channel.lock()) {
            if (!Files.isExecutable(folder.resolve("etcd"))) {
                etcd(Files.createDirectories(work.resolve("etcd")), folder);
            }
            if (!Files.isExecutable(folder.resolve("kube-apiserver"))
                    || !Files.isExecutable(folder.resolve("kubectl"))) {
                kubernetes(Files.createDirectories(work.resolve("kubernetes")), folder);
            }
        }
        return folder;
    }

    private void etcd(Path module, Path folder) throws IOException {
        Files.writeString(module.resolve("go.mod"), "module tollgate.test/etcd\n\ngo 1.25\n");
        run(module, List.of("go", "get", "-tool", ETCD + "@" + ETCD_VERSION));
        build(module, folder, "etcd", ETCD, "");
    }

    private void kubernetes(Path module, Path folder) throws IOException {
        String root = "k8s.io/kubernetes";
        String answer =
                run(
                        module.toAbsolutePath().getParent(),
                        List.of("go", "mod", "download", "-json", root + "@v" + kubernetes));
        String goMod = new ObjectMapper().readTree(answer).path("GoMod").asText();
        String parts = "v0." + kubernetes.substring(kubernetes.indexOf('.') + 1);
        var text = new StringBuilder("module tollgate.test/kubernetes\n\ngo 1.25\n\n");
        text.append("require ").append(root).append(" v").append(kubernetes).append('\n');
        for (String staged : staged(Files.readAllLines(Path.of(goMod)))) {
            text.append("replace %s => %s %s%n".formatted(staged, staged, parts));
        }
        Files.writeString(module.resolve("go.mod"), text);
        Files.deleteIfExists(module.resolve("go.sum"));
        var names = List.of("kube-apiserver", "kubectl");
        for (String name : names) {
            run(module, List.of("go", "mod", "edit", "-tool", root + "/cmd/" + name));
        }
        run(module, List.of("go", "mod", "tidy"));
        for (String name : names) {
            build(module, folder, name, root + "/cmd/" + name, version());
        }
    }

    private static List<String> staged(List<String> goMod) {
        var staged = new ArrayList<String>();
        for (String line : goMod) {
            var matcher = STAGED.matcher(line);
            if (matcher.find() && !staged.contains(matcher.group(1))) {
                staged.add(matcher.group(1));
            }
        }
        return staged;
    }

    /** Without these the server says that it is v0.0.0, and clients believe it. */
    private String version() {
        var flags = new StringBuilder();
        for (String at : List.of("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")) {
            flags.append(" -X ").append(at).append(".gitVersion=v").append(kubernetes);
            flags.append(" -X ").append(at).append(".gitMajor=").append(kubernetes.split("\\.")[0]);
            flags.append(" -X ").append(at).append(".gitMinor=").append(kubernetes.split("\\.")[1]);
        }
        return flags.toString();
    }

    /** Builds beside and renames, so that a build that was cut short leaves no half binary. */
    private static void build(Path module, Path folder, String name, String main, String flags)
            throws IOException {
        Path built = module.resolve(name);
        run(
                module,
                List.of(
                        "go",
                        "build",
                        "-trimpath",
                        "-ldflags",
                        "-s -w" + flags,
                        "-o",
                        built.toAbsolutePath().toString(),
                        main));
        Files.move(built, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String run(Path folder, List<String> command) throws IOException {
        File errors = File.createTempFile("tollgate-go", ".log");
        try {
            var builder =
                    new ProcessBuilder(command).directory(folder.toFile()).redirectError(errors);
            builder.environment().put("CGO_ENABLED", "0");
            builder.environment().put("GOFLAGS", "-buildvcs=false");
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes());
            if (!process.waitFor(STEP_LIMIT_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " took too long");
            }
            if (process.exitValue() != 0) {
                String text = Files.readString(errors.toPath());
                throw new IOException(
                        String.join(" ", command)
                                + ": "
                                + text.substring(Math.max(0, text.length() - 2_000)));
            }
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(String.join(" ", command) + " was interrupted", e);
        } finally {
            Files.deleteIfExists(errors.toPath());
        }
    }
}
