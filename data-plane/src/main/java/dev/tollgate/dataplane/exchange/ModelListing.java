package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.model.ModelList;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.VisibleModel;
import java.time.Instant;
import java.util.OptionalLong;

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
                OptionalLong.empty(),
                OptionalLong.empty());
    }
}
