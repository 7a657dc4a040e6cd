package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.model.ModelList;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.VisibleModel;
import java.time.Instant;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/** {@code /v1/models} and its kin: the names that this caller may ask for, in its own dialect. */
sealed interface ModelListing {

    record Listed(byte[] body) implements ModelListing {}

    record Missing(Refusal refusal) implements ModelListing {}

    static ModelListing of(Arrival.Welcome arrival) {
        var visible = Router.visibleModels(arrival.applied().index(), arrival.caller());
        var dialect = arrival.ingress().dialect();
        var asked = arrival.ingress().pathModel();
        if (asked == null) {
            return new Listed(
                    ModelList.list(dialect, visible.stream().map(ModelListing::model).toList()));
        }
        for (var model : visible) {
            if (model.name().equals(asked)) {
                return new Listed(ModelList.one(dialect, model(model)));
            }
        }
        return new Missing(
                new Refusal(
                        ErrorKind.MODEL_NOT_FOUND,
                        "model " + asked + " does not exist here",
                        "model",
                        null,
                        Outcome.NOT_FOUND));
    }

    private static ModelList.Model model(VisibleModel visible) {
        return new ModelList.Model(
                visible.name(),
                Instant.EPOCH,
                visible.owner(),
                operations(visible.capabilities()),
                OptionalLong.empty(),
                OptionalLong.empty());
    }

    private static Set<Operation> operations(Set<String> capabilities) {
        var operations = EnumSet.noneOf(Operation.class);
        if (capabilities.contains("Chat")) {
            operations.addAll(Set.of(Operation.GENERATE, Operation.COUNT_TOKENS));
        }
        if (capabilities.contains("Embeddings")) {
            operations.addAll(Set.of(Operation.EMBED, Operation.EMBED_ONE));
        }
        return operations;
    }
}
