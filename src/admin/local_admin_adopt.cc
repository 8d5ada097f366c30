#include "admin/local_admin.h"
#include "service/account_name.h"
#include "store/adopt/adoption.h"
#include "store/low_space.h"

// Requests that bring an account back out of a backup, as it was.
namespace posthorn::admin {
namespace {

/// Errors: too_big, and those of the source.
async::Task<Result<std::string>> read_all(OctetSource& source) {
  std::string all;
  while (true) {
    auto portion = co_await source.next();
    if (!portion) co_return pass(portion);
    if (portion->empty()) co_return all;
    if (portion->size() > store::kMaxAccountPart - all.size())
      co_return fail(ErrorKind::too_big, "a part of an account is too large");
    all += *portion;
  }
}

}  // namespace

async::Task<Result<Answer>> LocalAdmin::begin_adoption(Json request) {
  const std::string name = service::normal_name(text_of(request, "name"));
  if (Status free = check_not_reserved(name); !free) co_return pass(free);
  const auto id = partition_id_from_hex(text_of(request, "account"));
  if (!id) co_return fail(ErrorKind::bad_argument, "this is not the identity of an account");
  const std::string lineage(text_of(request, "lineage"));
  adoption_.reset();
  if (flag_of(request, "dry_run")) {
    Status possible = co_await store::Adoption::judge(store_, *id, name, lineage);
    if (!possible) co_return pass(possible);
    co_return Answer{};
  }
  if (Status room = store::may_take_new_mail(store_); !room) co_return pass(room);
  auto begun = co_await store::Adoption::begin(store_, *id, name, lineage);
  if (!begun) co_return pass(begun);
  adoption_ = std::move(*begun);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::add_to_adoption(Json /*request*/, OctetSource& octets) {
  if (!adoption_) co_return fail(ErrorKind::bad_argument, "no account is being brought back here");
  if (Status room = store::may_take_new_mail(store_); !room) co_return pass(room);
  auto all = co_await read_all(octets);
  if (!all) co_return pass(all);
  auto part = store::decode_part(*all);
  if (!part) co_return pass(part);
  Status added = co_await adoption_->add(std::move(*part));
  if (!added) co_return pass(added);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::finish_adoption(Json request) {
  if (!adoption_) co_return fail(ErrorKind::bad_argument, "no account is being brought back here");
  const std::unique_ptr<store::Adoption> adoption = std::move(adoption_);
  auto id = co_await adoption->finish(Seq(number_of(request, "tail")));
  if (!id) co_return pass(id);
  if (options_.login_changed) options_.login_changed(*id);
  if (Status noted = co_await note_scram(*id); !noted) co_return pass(noted);
  co_return Answer{{{"id", to_hex(*id)}}};
}

}  // namespace posthorn::admin
