#include "admin/local_admin.h"
#include "service/time_travel.h"

// The request that undoes what happened to an account since some time.
namespace posthorn::admin {

async::Task<Result<Answer>> LocalAdmin::restore_as_of(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto done = co_await service::restore_as_of(
      service::Caller::administrator(*account, options_.session),
      static_cast<std::int64_t>(number_of(request, "time")), flag_of(request, "dry_run"));
  if (!done) co_return pass(done);
  boost::json::array mailboxes;
  for (const service::TimeTravel::Place& place : done->places)
    mailboxes.push_back(Json{{"mailbox", place.mailbox},
                             {"was", place.was},
                             {"created", place.created},
                             {"back", place.back},
                             {"removed", place.removed},
                             {"flagged", place.reflagged}});
  co_return Answer{{{"mailboxes", std::move(mailboxes)},
                    {"lost", done->lost},
                    {"names_unknown", done->names_unknown}}};
}

}  // namespace posthorn::admin
