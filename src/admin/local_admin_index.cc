#include "admin/local_admin.h"
#include "store/upkeep/filter_status.h"

// The requests about search filters.
namespace posthorn::admin {

async::Task<Result<Answer>> LocalAdmin::index_status(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto status = co_await store::filter_status(*account);
  if (!status) co_return pass(status);
  co_return Answer{{{"groups", status->groups},
                    {"covered", status->covered},
                    {"filters", status->filters},
                    {"unusable", status->unusable},
                    {"attachments", status->attachments},
                    {"extracted", status->extracted},
                    {"complete", status->complete}}};
}

async::Task<Result<Answer>> LocalAdmin::rebuild_index(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto dropped = co_await store::rebuild_filters(*account);
  if (!dropped) co_return pass(dropped);
  co_return Answer{{{"dropped", *dropped}}};
}

}  // namespace posthorn::admin
