package dev.tollgate.operator.kube;

import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.compile.Debounce;
import dev.tollgate.operator.event.EventWriter;
import dev.tollgate.operator.status.Statuses;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.javaoperatorsdk.operator.processing.retry.Retry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Java Operator SDK with the three reconcilers. Retries never end, at most 60 s apart, and
 * every object is looked at again each minute, so that an outage of the API server strands nothing.
 */
public final class Reconcilers implements AutoCloseable {

    private static final Duration RETRY_FIRST = Duration.ofMillis(500);
    private static final Duration RETRY_AT_MOST = Duration.ofSeconds(60);
    private static final Duration RESYNC = Duration.ofMinutes(5);
    private static final Duration CACHES_WITHIN = Duration.ofSeconds(60);

    private static final Logger LOG = LoggerFactory.getLogger(Reconcilers.class);

    private final ModelProviderReconciler providers;
    private final RoutingPolicyReconciler policies;
    private final BudgetReconciler budgets;
    private final CoreCaches core;
    private final Operator operator;
    private final Debounce refresh;

    /**
     * @param statuses as they should be right now; empty while another operator writes them
     * @param dirty told when an object is new, changed or gone
     * @param failed told when a cache ended for good, which no outage of the API server does
     */
    public Reconcilers(
            KubernetesClient client,
            WatchedNamespaces namespaces,
            CoreCaches core,
            Supplier<Optional<Statuses>> statuses,
            Runnable dirty,
            Runnable failed,
            ProgrammedTimes times,
            EventWriter events,
            Clock clock) {
        var world = new StatusReconciler.World(client, statuses, dirty, times, events, clock);
        this.core = core;
        providers = new ModelProviderReconciler(world);
        policies = new RoutingPolicyReconciler(world);
        budgets = new BudgetReconciler(world);
        operator =
                new Operator(
                        c ->
                                c.withKubernetesClient(client)
                                        .withCloseClientOnStop(false)
                                        .checkingCRDAndValidateLocalModel(false)
                                        .withStopOnInformerErrorDuringStartup(false)
                                        .withInformerStoppedHandler(
                                                (_, cause) -> stopped(cause, failed))
                                        .withCacheSyncTimeout(CACHES_WITHIN)
                                        .withConcurrentReconciliationThreads(8));
        operator.register(providers, c -> configure(c, "modelprovider", namespaces));
        operator.register(policies, c -> configure(c, "routingpolicy", namespaces));
        operator.register(budgets, c -> configure(c, "budget", namespaces));
        refresh =
                new Debounce(
                        "statuses",
                        Duration.ofMillis(20),
                        Duration.ofMillis(200),
                        () -> {
                            providers.refresh();
                            policies.refresh();
                            budgets.refresh();
                        });
    }

    /** In the place of the SDK's own handler, which ends the process. */
    private static void stopped(@Nullable Throwable cause, Runnable failed) {
        if (cause != null) {
            LOG.atError()
                    .addKeyValue("error", ApiFailure.text(cause))
                    .log("a cache has ended for good; the operator must be started again");
            Thread.ofPlatform().name("failed").start(failed);
        }
    }

    private static void configure(
            ControllerConfigurationOverrider<?> controller,
            String name,
            WatchedNamespaces namespaces) {
        controller
                .withName(name)
                .withFieldManager(StatusWriter.FIELD_MANAGER)
                .withGenerationAware(false)
                .withTriggerReconcilerOnAllEvents(true)
                .withReconciliationMaxInterval(RESYNC)
                .withRetry(retries());
        if (namespaces.all()) {
            controller.watchingAllNamespaces();
        } else {
            controller.settingNamespaces(namespaces.names());
        }
    }

    /** Without end: the SDK's own give up after 26 s. */
    static Retry retries() {
        return new GenericRetry()
                .withoutMaxAttempts()
                .setInitialInterval(RETRY_FIRST.toMillis())
                .setIntervalMultiplier(1.5)
                .setMaxInterval(RETRY_AT_MOST.toMillis());
    }

    /** Returns when the caches hold every object. */
    public void start() {
        operator.start();
    }

    /** All caches as the compiler reads them. */
    public Resources resources() {
        return new Resources(
                providers
                        .objects()
                        .map(ResourceReading::provider)
                        .filter(Reconcilers::whole)
                        .toList(),
                policies.objects().map(ResourceReading::policy).filter(Reconcilers::whole).toList(),
                budgets(),
                core.secretObjects(),
                core.configMapObjects(),
                core.namespaceObjects(),
                List.of());
    }

    /** All Budgets. */
    public List<Budget> budgets() {
        return budgets.objects().map(ResourceReading::budget).filter(Reconcilers::whole).toList();
    }

    private static boolean whole(ModelProvider object) {
        return object.spec() != null;
    }

    private static boolean whole(RoutingPolicy object) {
        return object.spec() != null;
    }

    private static boolean whole(Budget object) {
        return object.spec() != null;
    }

    public Optional<Bytes> secret(String reference) {
        return core.secret(reference);
    }

    /** Statuses may differ: those that do are written soon. */
    public void refresh() {
        refresh.dirty();
    }

    public boolean healthy() {
        return operator.getRuntimeInfo().isStarted()
                && operator.getRuntimeInfo().allEventSourcesAreHealthy();
    }

    /** Status writes since the start. */
    public long writes() {
        return providers.writes() + policies.writes() + budgets.writes();
    }

    @Override
    public void close() {
        refresh.close();
        operator.stop();
    }
}
