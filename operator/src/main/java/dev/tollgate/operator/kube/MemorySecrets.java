package dev.tollgate.operator.kube;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import com.google.protobuf.ByteString;
import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.operator.compile.Memory;
import dev.tollgate.operator.push.Release;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.compile.LastAccepted.Generation;
import dev.tollgate.policy.snapshot.KeptRelease;
import dev.tollgate.policy.snapshot.RevisionNumber;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of the control plane in Secrets {@code tollgate-lkg-0} to {@code -3} of the platform
 * namespace (api.md, S21), which new proxies mount. Entry {@code part} holds a part of a {@link
 * KeptRelease}, entry {@code epoch} of the first the highest epoch that was ever claimed. Blocking;
 * one thread.
 */
public final class MemorySecrets {

    private static final String PREFIX = "tollgate-lkg-";
    private static final int CONFLICT = 409;
    private static final int CLAIMS_AT_MOST = 10;

    private static final Logger LOG = LoggerFactory.getLogger(MemorySecrets.class);

    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .registerModule(new JavaTimeModule())
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private record Entry(
            String kind, String namespace, String name, long generation, @Nullable JsonNode spec) {}

    private record State(
            int schemaVersion, List<Entry> index, List<Entry> accepted, List<String> proxies) {}

    private final KubernetesClient client;
    private final String namespace;

    public MemorySecrets(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    private @Nullable Secret get(int part) {
        return client.secrets().inNamespace(namespace).withName(PREFIX + part).get();
    }

    /** The highest epoch that was ever claimed; 0: none. */
    public long storedEpoch() {
        return epoch(get(0));
    }

    /**
     * Tells of the epoch in the Secret, now and whenever it is written, on threads of the client;
     * until closed, and through outages of the API server.
     */
    public AutoCloseable watchEpoch(LongConsumer seen) {
        var informer =
                client.secrets()
                        .inNamespace(namespace)
                        .withName(PREFIX + 0)
                        .runnableInformer(0)
                        .exceptionHandler((_, _) -> true);
        informer.addEventHandler(
                new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(Secret secret) {
                        seen.accept(epoch(secret));
                    }

                    @Override
                    public void onUpdate(Secret before, Secret secret) {
                        seen.accept(epoch(secret));
                    }

                    @Override
                    public void onDelete(Secret secret, boolean unknown) {}
                });
        informer.start();
        return informer::stop;
    }

    private static long epoch(@Nullable Secret secret) {
        var text =
                secret == null || secret.getData() == null ? null : secret.getData().get("epoch");
        try {
            return text == null
                    ? 0
                    : Long.parseLong(
                            new String(
                                    Base64.getDecoder().decode(text), StandardCharsets.US_ASCII));
        } catch (IllegalArgumentException e) {
            return 0;
        }
    }

    /** Claims an epoch above every one before, and above {@code seen}. */
    public long claimEpoch(long seen) {
        for (int attempt = 0; attempt < CLAIMS_AT_MOST; attempt++) {
            var secret = get(0);
            long epoch = Math.max(seen, epoch(secret)) + 1;
            try {
                if (secret == null) {
                    client.secrets().resource(secret(0, epoch, new byte[0], null)).create();
                } else {
                    client.secrets()
                            .resource(
                                    new SecretBuilder(secret)
                                            .addToData("epoch", text(epoch))
                                            .build())
                            .update();
                }
                return epoch;
            } catch (KubernetesClientException e) {
                if (e.getCode() != CONFLICT) {
                    throw e;
                }
            }
        }
        throw new IllegalStateException(
                PREFIX + "0: changed by others " + CLAIMS_AT_MOST + " times in a row");
    }

    private static String text(long number) {
        return Base64.getEncoder()
                .encodeToString(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
    }

    private Secret secret(int part, long epoch, byte[] bytes, @Nullable String version) {
        var secret =
                new SecretBuilder()
                        .withNewMetadata()
                        .withName(PREFIX + part)
                        .withNamespace(namespace)
                        .addToLabels("app.kubernetes.io/part-of", "tollgate")
                        .addToLabels(CoreCaches.INTERNAL, "true")
                        .withResourceVersion(version)
                        .endMetadata()
                        .withType("Opaque")
                        .addToData("part", Base64.getEncoder().encodeToString(bytes));
        if (part == 0) {
            secret.addToData("epoch", text(epoch));
        }
        return secret.build();
    }

    /** What was remembered; nothing if it cannot be read or a digest does not hold. */
    public Memory load() {
        var parts = new ArrayList<byte[]>();
        for (int part = 0; part < KeptRelease.MAX_PARTS; part++) {
            var secret = get(part);
            var text =
                    secret == null || secret.getData() == null
                            ? null
                            : secret.getData().get("part");
            if (text == null) {
                break;
            }
            parts.add(Base64.getDecoder().decode(text));
        }
        return KeptRelease.decode(parts)
                .map(
                        kept -> {
                            try {
                                return memory(kept);
                            } catch (IOException e) {
                                LOG.atWarn()
                                        .log("the last-known-good Secret is unreadable, skipped");
                                return Memory.NOTHING;
                            }
                        })
                .orElse(Memory.NOTHING);
    }

    /**
     * Writes it, the parts in reverse order, so that the first, which names them all, is last.
     *
     * @return false if it is too large to be kept, or a later operator has claimed the memory
     */
    public boolean store(Memory memory, long epoch) {
        var parts = kept(memory).encode();
        if (parts.isEmpty()) {
            LOG.atError()
                    .log(
                            "the last-known-good snapshot is larger than 4 Secrets and not kept;"
                                    + " new proxies begin with an older one");
            return false;
        }
        if (storedEpoch() > epoch) {
            LOG.atError().log("a later operator has claimed the memory; nothing is written");
            return false;
        }
        var list = parts.get();
        for (int part = list.size() - 1; part >= 0; part--) {
            var before = get(part);
            if (part == 0 && epoch(before) > epoch) {
                LOG.atError().log("a later operator has claimed the memory; nothing is written");
                return false;
            }
            var version = before == null ? null : before.getMetadata().getResourceVersion();
            var operation = client.secrets().resource(secret(part, epoch, list.get(part), version));
            if (before == null) {
                operation.create();
            } else {
                operation.update();
            }
        }
        return true;
    }

    private static KeptRelease kept(Memory memory) {
        var settled = memory.settled();
        var credentials = new HashMap<String, byte[]>();
        memory.credentials().forEach((ref, value) -> credentials.put(ref, value.expose()));
        var index = new ArrayList<Entry>();
        if (settled != null) {
            settled.index().forEach((object, generation) -> index.add(entry(object, generation)));
        }
        var accepted = new ArrayList<Entry>();
        var all = memory.accepted();
        all.providers().forEach((k, g) -> accepted.add(entry(k, g)));
        all.policies().forEach((k, g) -> accepted.add(entry(k, g)));
        all.budgets().forEach((k, g) -> accepted.add(entry(k, g)));
        try {
            return new KeptRelease(
                    settled == null ? "" : settled.revision().toString(),
                    settled == null ? new byte[0] : settled.bytes().toByteArray(),
                    credentials,
                    JSON.writeValueAsBytes(
                            new State(
                                    settled == null
                                            ? Snapshot.SCHEMA_VERSION
                                            : settled.schemaVersion(),
                                    index,
                                    accepted,
                                    memory.proxies())));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("specs cannot be written as JSON", e);
        }
    }

    private static Entry entry(ResourceKey key, long generation) {
        return new Entry(key.kind().kind(), key.namespace(), key.name(), generation, null);
    }

    private static Entry entry(ResourceKey key, Generation<?> generation) {
        return new Entry(
                key.kind().kind(),
                key.namespace(),
                key.name(),
                generation.generation(),
                JSON.valueToTree(generation.spec()));
    }

    private static Memory memory(KeptRelease kept) throws IOException {
        var state = JSON.readValue(kept.controlPlane(), State.class);
        var credentials = new HashMap<String, Bytes>();
        kept.credentials().forEach((ref, value) -> credentials.put(ref, Bytes.of(value)));
        var index = new HashMap<ResourceKey, Long>();
        each(state.index(), (key, entry) -> index.put(key, entry.generation()));
        var providers = new HashMap<ResourceKey, Generation<ModelProviderSpec>>();
        var policies = new HashMap<ResourceKey, Generation<RoutingPolicySpec>>();
        var budgets = new HashMap<ResourceKey, Generation<BudgetSpec>>();
        each(
                state.accepted(),
                (key, entry) -> {
                    switch (key.kind()) {
                        case MODEL_PROVIDER ->
                                providers.put(key, generation(entry, ModelProviderSpec.class));
                        case ROUTING_POLICY ->
                                policies.put(key, generation(entry, RoutingPolicySpec.class));
                        case BUDGET -> budgets.put(key, generation(entry, BudgetSpec.class));
                        case BUDGET_LEDGER, SECRET, CONFIG_MAP, NAMESPACE, SERVICE_ACCOUNT -> {}
                    }
                });
        var settled =
                kept.revision().isEmpty()
                        ? null
                        : new Release(
                                RevisionNumber.parse(kept.revision()),
                                SnapshotCodec.digest(kept.snapshot()),
                                ByteString.copyFrom(kept.snapshot()),
                                state.schemaVersion(),
                                index);
        return new Memory(
                settled,
                credentials,
                new LastAccepted(providers, policies, budgets),
                state.proxies());
    }

    private static <S> Generation<S> generation(Entry entry, Class<S> type) {
        return new Generation<>(entry.generation(), JSON.convertValue(entry.spec(), type));
    }

    private static void each(List<Entry> entries, BiConsumer<ResourceKey, Entry> action) {
        for (var entry : entries) {
            for (var kind : Kind.values()) {
                if (kind.kind().equals(entry.kind())) {
                    action.accept(new ResourceKey(kind, entry.namespace(), entry.name()), entry);
                }
            }
        }
    }
}
