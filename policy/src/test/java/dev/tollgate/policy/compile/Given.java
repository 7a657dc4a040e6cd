package dev.tollgate.policy.compile;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.Period;
import dev.tollgate.crds.budget.Subject;
import dev.tollgate.crds.provider.ApiKey;
import dev.tollgate.crds.provider.Auth;
import dev.tollgate.crds.provider.Endpoint;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ProviderModel;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.LabelSelector;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.NamespaceObject;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.resource.SecretKeyRef;
import dev.tollgate.crds.resource.SecretObject;
import dev.tollgate.crds.route.Match;
import dev.tollgate.crds.route.ProviderRef;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.Target;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Resources for tests, made in code. */
final class Given {

    static final String PLATFORM = "tollgate-system";
    static final CompileSettings SETTINGS = settings(SettingsEntry.EndpointPolicy.PUBLIC);

    private Given() {}

    static CompileSettings settings(SettingsEntry.EndpointPolicy policy) {
        return settings(policy, List.of());
    }

    /** With external issuers. */
    static CompileSettings trusting(List<IssuerEntry> issuers) {
        return settings(SettingsEntry.EndpointPolicy.PUBLIC, issuers);
    }

    private static CompileSettings settings(
            SettingsEntry.EndpointPolicy policy, List<IssuerEntry> issuers) {
        return new CompileSettings(
                PLATFORM,
                policy,
                SettingsEntry.Unbudgeted.ALLOW,
                issuers,
                CompileSettings.DEFAULT_DEPRECATION_WARN_DAYS,
                Instant.parse("2026-11-21T00:00:00Z"),
                Catalogue.builtIn());
    }

    static Metadata metadata(String key, long generation, @Nullable String created) {
        int slash = key.indexOf('/');
        return new Metadata(
                key.substring(0, slash),
                key.substring(slash + 1),
                "uid-" + key,
                generation,
                created == null ? null : Instant.parse(created),
                Map.of(),
                Map.of());
    }

    static ResourceKey key(Kind kind, String key) {
        return ResourceKey.of(kind, metadata(key, 1, null));
    }

    static ModelProviderSpec providerSpec(
            ProviderType type,
            @Nullable Endpoint endpoint,
            NamespaceScope.@Nullable From from,
            ProviderModel... models) {
        return new ModelProviderSpec(
                type,
                endpoint,
                new Auth(Auth.Type.API_KEY, new ApiKey(new SecretKeyRef("key", null)), null),
                List.of(models),
                List.of(),
                null,
                "eu",
                from == null ? null : new NamespaceScope(from, null),
                null,
                null,
                null,
                null);
    }

    static ModelProvider provider(String key, ModelProviderSpec spec) {
        return new ModelProvider(metadata(key, 1, null), spec, null);
    }

    /** OpenAI with gpt-4o-mini, for all namespaces. */
    static ModelProvider openAi(String key) {
        return provider(
                key,
                providerSpec(
                        ProviderType.OPENAI,
                        null,
                        NamespaceScope.From.ALL,
                        model("gpt-4o-mini"),
                        model("gpt-4o")));
    }

    static ProviderModel model(String name, String... aliases) {
        return new ProviderModel(
                name, List.of(aliases), null, null, null, null, List.of(), null, null, null);
    }

    static SecretObject key(String namespace) {
        return new SecretObject(
                Metadata.of(namespace, "key"), Map.of("api-key", Bytes.of("planted-secret")));
    }

    static Target target(String name, String provider, @Nullable String model, int priority) {
        int slash = provider.indexOf('/');
        return new Target(
                name,
                new ProviderRef(provider.substring(slash + 1), provider.substring(0, slash)),
                model,
                null,
                priority,
                null,
                null,
                null);
    }

    static Rule rule(String name, @Nullable Match match, Target... targets) {
        return new Rule(
                name, match, null, List.of(targets), null, null, List.of(), null, null, null);
    }

    static RoutingPolicySpec policySpec(
            List<String> models,
            NamespaceScope.@Nullable From visibleTo,
            RoutingPolicySpec.@Nullable Inheritance inheritance,
            Rule... rules) {
        return new RoutingPolicySpec(
                models,
                visibleTo == null ? null : new NamespaceScope(visibleTo, null),
                inheritance,
                null,
                null,
                null,
                null,
                List.of(rules));
    }

    static RoutingPolicy policy(String key, @Nullable String created, RoutingPolicySpec spec) {
        return new RoutingPolicy(metadata(key, 1, created), spec, null);
    }

    /** Serves the names from gpt-4o-mini of the platform's provider {@code openai}. */
    static RoutingPolicy policy(String key, @Nullable String created, String... models) {
        return policy(
                key,
                created,
                policySpec(
                        List.of(models),
                        null,
                        null,
                        rule(
                                "default",
                                null,
                                target("main", PLATFORM + "/openai", "gpt-4o-mini", 0))));
    }

    static BudgetSpec budgetSpec(@Nullable String amount, @Nullable Subject subject) {
        return new BudgetSpec(
                amount,
                null,
                amount == null ? null : new Period(Period.Type.MONTH, "Europe/Berlin", null),
                null,
                null,
                subject,
                List.of(),
                List.of(),
                List.of(),
                null,
                null,
                null);
    }

    static Budget budget(String key, long generation, BudgetSpec spec) {
        return new Budget(metadata(key, generation, null), spec, null);
    }

    static Subject selecting(String label, String value, Subject.@Nullable Each each) {
        return new Subject(
                List.of(),
                List.of(),
                List.of(),
                new LabelSelector(Map.of(label, value), List.of()),
                each);
    }

    static NamespaceObject namespace(String name, Map<String, String> labels) {
        return new NamespaceObject(new Metadata("", name, null, 1, null, labels, Map.of()));
    }

    static Resources resources(
            List<ModelProvider> providers, List<RoutingPolicy> policies, List<Budget> budgets) {
        return new Resources(
                providers,
                policies,
                budgets,
                List.of(key(PLATFORM), key("team-a")),
                List.of(),
                List.of(
                        namespace("team-a", Map.of("org", "payments")),
                        namespace("team-b", Map.of("org", "search")),
                        namespace(PLATFORM, Map.of())),
                List.of());
    }

    static Compiled compile(Resources resources) {
        return compile(resources, LastAccepted.NONE);
    }

    static Compiled compile(Resources resources, LastAccepted last) {
        return Compiler.compile(resources, SETTINGS, last);
    }
}
